import process from "node:process";
import type { Packages } from "../packages.ts";
import { nodeProgram, type Rival } from "./rival.ts";

/** The bytes alone: what Node's sockets cost without any protocol. */
export function rawNet(_packages: Packages): Rival {
  return {
    name: "raw",
    version: `node:net of Node.js ${process.versions.node}`,
    takesPart: ({ app, load }) => load.kind === "echo" && app.kind === "echo" && !app.compression,
    program: () => nodeProgram("raw-net", { dialect: "bytes" }),
  };
}
