import type { Target } from "./target.ts";
import { deflate } from "./targets/deflate.ts";
import { extensions } from "./targets/extensions.ts";
import { frames } from "./targets/frames.ts";
import { inflate } from "./targets/inflate.ts";
import { origin } from "./targets/origin.ts";
import { path } from "./targets/path.ts";
import { request } from "./targets/request.ts";
import { response } from "./targets/response.ts";

/** Everything that is fuzzed. */
export const targets: readonly Target[] = [
  frames(),
  request(),
  response(),
  extensions(),
  inflate(),
  deflate(),
  path(),
  origin(),
];
