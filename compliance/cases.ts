import type { Case } from "./case.ts";
import { framing } from "./cases/1-framing.ts";
import { pingAndPong } from "./cases/2-ping-and-pong.ts";
import { reservedBits } from "./cases/3-reserved-bits.ts";
import { opcodes } from "./cases/4-opcodes.ts";
import { fragmentation } from "./cases/5-fragmentation.ts";
import { utf8 } from "./cases/6-utf8.ts";
import { utf8Tables } from "./cases/6-utf8-tables.ts";
import { closing } from "./cases/7-close.ts";
import { limits } from "./cases/9-limits.ts";
import { automaticFragmentation } from "./cases/10-automatic-fragmentation.ts";
import { compression, compressionParameters } from "./cases/12-compression.ts";

/** The 517 cases of the public Autobahn suite, in a statement of our own. */
export const cases: readonly Case[] = [
  ...framing,
  ...pingAndPong,
  ...reservedBits,
  ...opcodes,
  ...fragmentation,
  ...utf8,
  ...utf8Tables,
  ...closing,
  ...limits,
  ...automaticFragmentation,
  ...compression,
  ...compressionParameters,
];
