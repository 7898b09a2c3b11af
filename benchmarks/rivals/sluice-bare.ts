import type { Packages } from "../packages.ts";
import { isCommon, nodeProgram, type Rival } from "./rival.ts";

/** The engine alone: handlers without router and consumers. */
export function sluiceBare(_packages: Packages): Rival {
  return {
    name: "bare",
    version: "sluice, a bare handler",
    takesPart: (test) => test.app.handlers === "sync" && isCommon(test),
    program: () => nodeProgram("sluice-bare"),
  };
}
