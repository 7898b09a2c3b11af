import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { layerChecks } from "sluice/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { built } from "./site.ts";

describe("over the pipe between two processes", () => {
  const broken = new Map<string, string | undefined>();

  beforeAll(async () => {
    const program = join(import.meta.dirname, "contract-worker.mjs");
    const { stdout } = await promisify(execFile)(process.execPath, [program, await built()], {
      timeout: 100_000,
    });
    for (const line of stdout.trim().split("\n")) {
      const { name, error } = JSON.parse(line) as { name: string; error?: string };
      broken.set(name, error);
    }
  }, 120_000);

  // Nobody can cut this pipe but by ending a process.
  const checks = layerChecks.filter(({ needs }) => needs !== "outage");
  test.each(checks.map(({ name }) => name))("%s", (name) => {
    expect([...broken.keys()]).toContain(name);
    expect(broken.get(name)).toBeUndefined();
  });
});
