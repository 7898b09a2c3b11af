import { existsSync } from "node:fs";
import type { Packages } from "../packages.ts";
import { isCommon, type Rival, serverFile } from "./rival.ts";

/** The server of Bun, which is no program of Node.js. */
export function bun(packages: Packages): Rival {
  const command = packages.ownFile("@oven/bun-linux-x64", "bin/bun");
  const version = packages.ownVersion("@oven/bun-linux-x64");
  return {
    name: "bun",
    version: existsSync(command) ? `Bun ${version}` : undefined,
    takesPart: isCommon,
    program: () => ({
      command,
      parameters: [serverFile("bun")],
      environment: {},
      dialect: "websocket",
      tellsMemory: false,
    }),
  };
}
