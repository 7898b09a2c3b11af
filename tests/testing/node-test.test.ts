import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const isBuilt = existsSync(join(root, "dist/testing/index.js"));
const unlessBuilt = isBuilt ? "" : " (skipped: there is no build; `npm run build` makes one)";

describe("the kit belongs to no test runner", () => {
  test.skipIf(!isBuilt)(`it works under node:test${unlessBuilt}`, async () => {
    const file = join(import.meta.dirname, "under-node-test.mjs");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--test", "--test-reporter=tap", file],
      { cwd: root },
    );
    expect(stdout).toMatch(/^# pass 6$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });
});
