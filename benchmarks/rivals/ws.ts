import type { Packages } from "../packages.ts";
import { nodeProgram, type Rival } from "./rival.ts";

/** ws, without native code. */
export function ws(packages: Packages): Rival {
  const version = packages.projectVersion("ws");
  return {
    name: "ws",
    version: version && `ws ${version}`,
    takesPart: () => true,
    program: () => nodeProgram("ws", { environment: { WS_NO_BUFFER_UTIL: "1" } }),
  };
}
