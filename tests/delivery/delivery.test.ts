import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { ChurnResult } from "../../benchmarks/delivery/churn.ts";
import type { EngineName } from "../../benchmarks/delivery/engine.ts";
import type { FailoverResult } from "../../benchmarks/delivery/failover.ts";
import type { Result } from "../../benchmarks/delivery/scenario.ts";
import { natsProgram } from "../../brokers/nats-server.ts";
import { redisProgram } from "../../brokers/redis-servers.ts";

const script = join(import.meta.dirname, "../../scripts/bench-delivery.mjs");

/** Runs `npm run bench:delivery` with plain clients of sluice, shortly; what it prints are results. */
async function run<R>(scenario: string, layer: EngineName, ...more: string[]): Promise<R[]> {
  const parameters = ["--side", "sluice", "--scenario", scenario, "--layer", layer, "--json"];
  const child = spawn(process.execPath, [script, ...parameters, ...more], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(code).toBe(0);
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as R);
}

const programs = { redis: redisProgram, nats: natsProgram };

/** Whether a layer's server is not there, where it need not be. */
function isMissing(layer: EngineName): boolean {
  return programs[layer as keyof typeof programs] === "" && process.env["CI"] !== "true";
}

/** Several run at once, and each starts a handful of programs: where little is free that takes a while. */
const patience = { timeout: 150_000 };

const short = ["--clients", "20", "--seconds", "5"];
const all = { delivered: 1, missing: 0, duplicates: 0, disorders: 0, reloads: 0 };

describe("every message is shown once and in order", () => {
  for (const layer of ["memory", "redis", "nats"] as const) {
    const title = `to clients whose links are cut for two seconds (${layer})`;
    test.skipIf(isMissing(layer)).concurrent(title, patience, async () => {
      const [result] = await run<Result>("jitter", layer, ...short);
      expect(result).toMatchObject(all);
      expect(result?.reconnects).toBeGreaterThan(3);
    });
  }

  for (const layer of ["cluster", "redis", "nats"] as const) {
    const title = `to clients of three workers that are replaced one by one (${layer})`;
    test.skipIf(isMissing(layer)).concurrent(title, patience, async () => {
      const [result] = await run<Result>("rolling restart", layer, ...short);
      expect(result).toMatchObject(all);
      expect(result?.reconnects).toBeGreaterThanOrEqual(20);
    });
  }
});

describe("three processes whose server fails", () => {
  for (const layer of ["redis", "nats"] as const) {
    const title = `show their clients what was sent, or tell them of it (${layer})`;
    test.skipIf(isMissing(layer)).concurrent(title, patience, async () => {
      const results = await run<FailoverResult>("failover", layer, "--rounds", "2");
      expect(results).toHaveLength(layer === "redis" ? 3 : 1);
      for (const result of results) {
        expect(result).toMatchObject({ rounds: 2, lies: 0, disorders: 0 });
        expect(result.delivered).toBeGreaterThan(result.due / 4);
      }
    });
  }
});

describe("members who join and leave while others send", () => {
  for (const layer of ["redis", "nats"] as const) {
    const title = `get everything that is sent while they are joined (${layer})`;
    test.skipIf(isMissing(layer)).concurrent(title, patience, async () => {
      const [result] = await run<ChurnResult>("churn", layer, "--seconds", "3");
      expect(result).toMatchObject({ lost: 0, duplicates: 0 });
      expect(result?.joins).toBeGreaterThan(50);
      expect(result?.due).toBeGreaterThan(100);
    });
  }
});
