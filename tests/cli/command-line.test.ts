import { describe, expect, test } from "vitest";
import { readCommandLine } from "../../src/cli/command-line.ts";

describe("the command line", () => {
  test.each([
    ["worker jobs.js", { name: "worker", module: "jobs.js", timeout: 30_000 }],
    ["worker --timeout 5 jobs.js", { name: "worker", module: "jobs.js", timeout: 5 }],
    ["worker jobs.js --timeout=0", { name: "worker", module: "jobs.js", timeout: 0 }],
    ["serve app.js", { name: "serve", module: "app.js", timeout: 30_000, workers: undefined }],
    ["serve app.js --workers 4", { name: "serve", module: "app.js", timeout: 30_000, workers: 4 }],
    ["new my-chat", { name: "new", folder: "my-chat" }],
    ["--help", { name: "help" }],
    ["worker --help", { name: "help" }],
    ["-h", { name: "help" }],
    ["--version", { name: "version" }],
    ["-v", { name: "version" }],
  ])("%s", (line, command) => {
    expect(readCommandLine(line.split(" "))).toEqual(command);
  });

  test.each([
    ["", "say what to do: new, serve or worker"],
    ["server", 'there is no command "server"; did you mean "serve"?'],
    ["create", 'there is no command "create"'],
    ["new", "say which folder to make"],
    ["new a b", "one folder at a time, not also b"],
    ["new a --workers 2", "--workers is not for new"],
    ["serve", "say which module to load"],
    ["serve a.js --workers 0", '--workers is a number from 1 to 1024, not "0"'],
    ["serve a.js --workers many", '--workers is a number from 1 to 1024, not "many"'],
    ["worker a.js --workers 2", "--workers is for serve"],
    ["worker", "say which module to load"],
    ["worker a.js b.js c.js", "one module at a time, not also b.js, c.js"],
    ["worker a.js --timeout soon", '--timeout is a number of milliseconds, not "soon"'],
    ["worker a.js --timeout=-1", '--timeout is a number of milliseconds, not "-1"'],
    ["worker a.js --verbose", "Unknown option '--verbose'"],
  ])("%s: %s", (line, sentence) => {
    expect(() => readCommandLine(line.split(" ").filter(Boolean))).toThrow(sentence);
  });

  test("an option that there is not is told in one short sentence", () => {
    const read = () => readCommandLine(["serve", "a.js", "--port=80"]);
    expect(read).toThrow(/^Unknown option '--port'$/);
  });
});
