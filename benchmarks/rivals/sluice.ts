import type { Packages } from "../packages.ts";
import { nodeProgram, type Rival } from "./rival.ts";

/** The whole stack, as one uses it. */
export function sluice(_packages: Packages): Rival {
  return {
    name: "sluice",
    version: "sluice, this checkout",
    takesPart: () => true,
    program: () => nodeProgram("sluice"),
  };
}
