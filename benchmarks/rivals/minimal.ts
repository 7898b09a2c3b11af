import process from "node:process";
import type { Packages } from "../packages.ts";
import { nodeProgram, type Rival } from "./rival.ts";

/** The least that a row takes on Node's public interfaces: where a gate is near it, no server passes. */
export function minimal(_packages: Packages): Rival {
  return {
    name: "minimal",
    version: `nothing but frames, on Node.js ${process.versions.node}`,
    takesPart: ({ app }) =>
      (app.kind === "echo" || app.kind === "broadcast") &&
      app.handlers !== "async event" &&
      app.largest <= 65_535 &&
      !app.compression,
    program: () => nodeProgram("minimal"),
  };
}
