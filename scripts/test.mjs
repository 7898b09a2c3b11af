/**
 * `npm test`: everything that must hold before a change is done. Arguments go to vitest.
 *
 * The last line is `N passed, N failed, N skipped`: the tests as vitest counted them, and one
 * failure for each other step that failed. No test at all is a failure too.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ensureInstalled, installedFolders } from "./installed.mjs";
import { root } from "./snapshot.mjs";
import { ensurePackages } from "./system-packages.mjs";

/** How much of what a failed step says is repeated at the end. */
const mostLines = 40;

const failedSteps = [];

const missing = ensurePackages();
if (missing.length > 0) {
  console.log(`not on this machine: ${missing.join(", ")}`);
  if (process.env.CI === "true") failedSteps.push("system packages");
}

for (const folder of installedFolders) {
  console.log(`> ${folder}`);
  if (!ensureInstalled(folder)) failedSteps.push(folder);
}

const steps = ["build", "format:check", "lint", "types"];
// What protocol/ is covered by says nothing about a part of the tests.
if (process.argv.length === 2) steps.push("coverage");
const said = [];
for (const step of steps) {
  console.log(`> ${step}`);
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", step], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  process.stdout.write(stdout + stderr);
  if (status === 0) continue;
  failedSteps.push(step);
  const lines = `${stdout}${stderr}`.trimEnd().split("\n").slice(-mostLines);
  said.push(`> ${step}`, ...lines.map((line) => line.slice(0, 500)));
}

console.log("> vitest");
const tests = runTests(process.argv.slice(2));
const failed = tests.failed + failedSteps.length;

// Once more at the end: what was said before the tests is far away by now.
for (const line of said) console.log(line);
if (failedSteps.length > 0) console.log(`also failed: ${failedSteps.join(", ")}`);
if (tests.skipped.length > 0) console.log(`skipped: ${tests.skipped.join("; ")}`);
console.log(`${tests.passed} passed, ${failed} failed, ${tests.skipped.length} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

/** Runs vitest, which talks to the terminal as usual and reports to a file, and counts. */
function runTests(parameters) {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const file = join(directory, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const vitest = join(root, "node_modules/.bin/vitest");
  try {
    const status = run(vitest, ["run", ...reporters, ...parameters]);
    const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { testResults: [] };
    return count(report.testResults, status);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A file that failed outside its tests, while loading for example, is one failure. */
function count(files, status) {
  const tests = files.flatMap((file) => file.assertionResults);
  const having = (state) => tests.filter((test) => test.status === state).length;
  const failedOutside = files.filter(
    (file) =>
      file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  );
  for (const { name } of failedOutside) failedSteps.push(relative(root, name));
  const passed = having("passed");
  const failed = having("failed");
  const unexplained = failed + failedOutside.length === 0 && (status !== 0 || passed === 0);
  if (unexplained) failedSteps.push(passed === 0 ? "no test ran" : "vitest");
  const skipped = tests
    .filter((test) => test.status !== "passed" && test.status !== "failed")
    .map((test) => test.fullName);
  return { passed, failed, skipped };
}

/** Runs a command to its end; returns its exit code, or null when it could not run to it. */
function run(command, parameters) {
  return spawnSync(command, parameters, { cwd: root, stdio: "inherit" }).status;
}
