/** `npm run simulate`: compiles the sources and the simulated worlds as they are, and runs these. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, temporaryPath } from "./snapshot.mjs";

const directory = temporaryPath();
const project = join(root, "tests/simulation/tsconfig.json");
const tsc = join(root, "node_modules/typescript/bin/tsc");

try {
  mkdirSync(directory, { recursive: true });
  const compiled = run(tsc, "-p", project, "--outDir", directory);
  const main = join(directory, "tests/simulation/main.js");
  process.exitCode = compiled === 0 ? run(main, ...process.argv.slice(2)) : 2;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Runs a program of Node; returns its exit code. */
function run(...parameters) {
  return spawnSync(process.execPath, parameters, { cwd: root, stdio: "inherit" }).status ?? 2;
}
