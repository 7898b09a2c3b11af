import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "./packed.ts";

/** Compares the reports in a folder with what is public now. */
function check(folder: string): { readonly status: number | null; readonly said: string } {
  const script = join(root, "scripts/api.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, "--check", folder], {
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

describe("the reports in etc/", () => {
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "sluice-api-"));
    cpSync(join(root, "etc"), copy, { recursive: true });
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  it("have everything that is public: after a change that is meant, npm run api writes them", () => {
    expect(check(join(root, "etc"))).toEqual({ status: 0, said: "" });
  });

  it("are told apart from what is public when one line differs", () => {
    const file = join(copy, "sluice.api.md");
    const report = readFileSync(file, "utf8");
    const changed = report.replace("export function route<", "export function way<");
    expect(changed).not.toBe(report);
    writeFileSync(file, changed);
    const { status, said } = check(copy);
    expect(status).toBe(1);
    expect(said).toContain("sluice: differs");
    expect(said).toContain("npm run api");
    expect(readFileSync(file, "utf8")).toBe(changed);
  });
});
