import { describe, expect, test } from "vitest";
import { readCommandLine } from "../../src/cli/command-line.ts";

describe("the command line", () => {
  test.each([
    ["worker jobs.js", { name: "worker", module: "jobs.js", timeout: 30_000 }],
    ["worker --timeout 5 jobs.js", { name: "worker", module: "jobs.js", timeout: 5 }],
    ["worker jobs.js --timeout=0", { name: "worker", module: "jobs.js", timeout: 0 }],
    ["--help", { name: "help" }],
    ["worker --help", { name: "help" }],
  ])("%s", (line, command) => {
    expect(readCommandLine(line.split(" "))).toEqual(command);
  });

  test.each([
    ["", "say what to run: worker"],
    ["serve", 'there is no command "serve"'],
    ["worker", "say which module to load"],
    ["worker a.js b.js c.js", "one module at a time, not also b.js, c.js"],
    ["worker a.js --timeout soon", '--timeout is a number of milliseconds, not "soon"'],
    ["worker a.js --timeout=-1", '--timeout is a number of milliseconds, not "-1"'],
    ["worker a.js --verbose", "Unknown option '--verbose'"],
  ])("%s: %s", (line, sentence) => {
    expect(() => readCommandLine(line.split(" ").filter(Boolean))).toThrow(sentence);
  });
});
