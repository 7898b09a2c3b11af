import type { Packages } from "../packages.ts";
import { nodeProgram, type Rival } from "./rival.ts";

/** The engine alone: handlers without router and consumers. */
export function sluiceBare(_packages: Packages): Rival {
  return {
    name: "bare",
    version: "sluice, a bare handler",
    takesPart: ({ app }) => app.kind === "echo" || app.kind === "broadcast",
    program: () => nodeProgram("sluice-bare"),
  };
}
