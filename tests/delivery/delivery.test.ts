import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import type { Result } from "../../benchmarks/delivery/scenario.ts";

const script = join(import.meta.dirname, "../../scripts/bench-delivery.mjs");

/** Runs a scenario of `npm run bench:delivery` with plain clients of sluice, shortly. */
async function run(scenario: Result["scenario"]): Promise<Result> {
  const parameters = ["--side", "sluice", "--scenario", scenario, "--clients", "20", "--json"];
  const child = spawn(process.execPath, [script, ...parameters, "--seconds", "5"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(code).toBe(0);
  return JSON.parse(output) as Result;
}

const all = { delivered: 1, missing: 0, duplicates: 0, disorders: 0, reloads: 0 };

test("clients whose links are cut for two seconds are shown every message once and in order", async () => {
  const result = await run("jitter");
  expect(result).toMatchObject(all);
  expect(result.reconnects).toBeGreaterThan(3);
});

test("clients of three workers that are replaced one by one are shown every message once and in order", async () => {
  const result = await run("rolling restart");
  expect(result).toMatchObject(all);
  expect(result.reconnects).toBeGreaterThanOrEqual(20);
});
