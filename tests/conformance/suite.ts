import { expect, it, vi } from "vitest";
import type { Case } from "../../compliance/case.ts";
import { cases } from "../../compliance/cases.ts";
import type { TesterOptions } from "../../compliance/tester.ts";
import type { Verdict } from "../../compliance/verdict.ts";

/**
 * How the tests run the tester: a fifth of the silence, which a strict peer needs none of, ten
 * times the patience, which only costs when a peer fails, and less of what takes its time.
 */
export const options: TesterOptions = { second: 200, patience: 10, volume: 64 * 1024 };

/** Declares a test for each case, many of them at a time, and one for the tally of them all. */
export function suite(
  examine: (given: Case) => Promise<Verdict>,
  chosen: readonly Case[] = cases,
): void {
  vi.setConfig({ maxConcurrency: 32, testTimeout: 150_000 });
  const verdicts: Verdict[] = [];

  for (const given of chosen) {
    it.concurrent(`${given.id} ${given.title}`, async () => {
      const verdict = await examine(given);
      verdicts.push(verdict);
      expect(verdict.result, verdict.evidence).toBe(given.informational ? "INFORMATIONAL" : "OK");
    });
  }

  const informational = chosen.filter((given) => given.informational).length;
  const ok = chosen.length - informational;

  it(`adds up to ${ok} OK, ${informational} INFORMATIONAL and nothing else`, () => {
    expect(tally(verdicts)).toEqual({ OK: ok, INFORMATIONAL: informational });
  });

  it("compresses wherever that was agreed on, unless there is nothing to gain", () => {
    const agreed = verdicts.filter((verdict) => verdict.agreed);
    expect(agreed).toHaveLength(chosen.filter(({ compression }) => compression).length);
    const idle = agreed.filter(({ traffic }) => traffic.compressed === 0).map(({ id }) => id);
    expect(idle.filter((id) => !isShort(id) && !id.startsWith("12.3."))).toEqual([]);
  });
}

/** Whether the messages of a case of 12 or 13 have less than 512 octets. */
function isShort(id: string): boolean {
  return ["1", "2", "3"].includes(id.split(".")[2] ?? "");
}

/** How often each result was given. */
export function tally(verdicts: readonly Verdict[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { result } of verdicts) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
}
