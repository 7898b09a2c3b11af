import type { Packages } from "../packages.ts";
import { isCommon, nodeProgram, type Rival } from "./rival.ts";

/** crossws on Node.js. */
export function crossws(packages: Packages): Rival {
  const version = packages.ownVersion("crossws");
  return {
    name: "crossws",
    version: version && `crossws ${version}`,
    takesPart: (test) => isCommon(test) && !test.app.compression,
    program: () =>
      nodeProgram("crossws", {
        environment: { CROSSWS: packages.ownFile("crossws", "dist/adapters/node.mjs") },
      }),
  };
}
