import { existsSync } from "node:fs";
import type { Packages } from "../packages.ts";
import { isCommon, type Rival, serverFile } from "./rival.ts";

/** The server of Deno, which is no program of Node.js. It compresses nothing. */
export function deno(packages: Packages): Rival {
  const command = packages.ownFile("@deno/linux-x64-glibc", "deno");
  const version = packages.ownVersion("@deno/linux-x64-glibc");
  return {
    name: "deno",
    version: existsSync(command) ? `Deno ${version}` : undefined,
    takesPart: (test) => isCommon(test) && !test.app.compression,
    program: () => ({
      command,
      parameters: ["run", "--allow-all", "--no-config", "--no-lock", serverFile("deno")],
      environment: { DENO_NO_UPDATE_CHECK: "1" },
      dialect: "websocket",
      tellsMemory: false,
    }),
  };
}
