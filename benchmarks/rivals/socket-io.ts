import type { Packages } from "../packages.ts";
import { isCommon, nodeProgram, type Rival } from "./rival.ts";

/** Socket.IO over WebSockets from the beginning: an event with a string for each message. */
export function socketIo(packages: Packages): Rival {
  const version = packages.projectVersion("socket.io");
  return {
    name: "socket.io",
    version: version && `Socket.IO ${version}`,
    takesPart: (test) => isCommon(test) && test.load.content !== "binary",
    program: () => nodeProgram("socket-io", { dialect: "socket.io" }),
  };
}
