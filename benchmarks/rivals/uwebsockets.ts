import { existsSync } from "node:fs";
import type { Packages } from "../packages.ts";
import { isCommon, nodeProgram, type Rival } from "./rival.ts";

/** uWebSockets.js, which is on no registry: whoever wants it here installs it in `benchmarks/`. */
export function uWebSockets(packages: Packages): Rival {
  const version = packages.ownVersion("uWebSockets.js");
  const module = packages.ownFile("uWebSockets.js", "uws.js");
  return {
    name: "uws",
    version: existsSync(module) ? `uWebSockets.js ${version}` : undefined,
    takesPart: isCommon,
    program: () => nodeProgram("uwebsockets", { environment: { UWS: module } }),
  };
}
