import { join } from "node:path";
import type { Packages } from "../packages.ts";
import { nodeProgram, type Rival } from "./rival.ts";

/** ws, with bufferutil to mask and unmask. */
export function wsBufferutil(packages: Packages): Rival {
  const version = packages.ownVersion("bufferutil");
  return {
    name: "ws+bufferutil",
    version: version && `ws ${packages.ownVersion("ws")}, bufferutil ${version}`,
    takesPart: () => true,
    program: () =>
      nodeProgram("ws", { environment: { WS_FROM: join(packages.own, "package.json") } }),
  };
}
