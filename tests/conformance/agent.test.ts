import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Agent } from "../../compliance/agent.ts";
import { cases } from "../../compliance/cases.ts";
import { examineAgent, runAll } from "../../compliance/run.ts";
import type { Verdict } from "../../compliance/verdict.ts";

describe("an agent", () => {
  vi.setConfig({ testTimeout: 30_000 });

  it("that dies fails the case that it dies of, and no other", async () => {
    expect(await examine("1.1.1", "1.2.1", "2.1", "5.3", "6.4.1", "7.1.1")).toEqual([
      ["1.1.1", "OK", ""],
      ["1.2.1", "OK", ""],
      ["2.1", "FAILED", "its process ended with 7"],
      ["5.3", "OK", ""],
      ["6.4.1", "NON-STRICT", expect.any(String)],
      ["7.1.1", "OK", ""],
    ]);
  });

  it("that hangs fails the case that it hangs in, and no other", async () => {
    expect(await examine("1.1.1", "2.2", "7.1.1", "9.7.3")).toEqual([
      ["1.1.1", "OK", ""],
      ["2.2", "UNCLEAN", "nobody closed in time"],
      ["7.1.1", "OK", ""],
      ["9.7.3", "OK", ""],
    ]);
  });

  it("is not there where nobody wrote one", () => {
    expect(new Agent("undici", "server").exists).toBe(false);
  });

  it("says which version it is of", () => {
    expect(new Agent("ws", "server").version).toMatch(/^ws \d+\.\d+\.\d+$/);
  });
});

async function examine(...ids: string[]): Promise<string[][]> {
  const agent = new Agent("ws", "server", join(import.meta.dirname, "perishable-server.mjs"));
  const verdicts = await run(agent, ids);
  return verdicts.map(({ id, result, reason }) => [id, result, reason]);
}

function run(agent: Agent, ids: readonly string[]): Promise<Verdict[]> {
  onTestFinished(() => agent.kill());
  const chosen = cases.filter(({ id }) => ids.includes(id));
  return runAll(chosen, examineAgent(agent, { second: 200, limit: 2000 }), () => {});
}
