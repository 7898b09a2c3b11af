import { expect, it, vi } from "vitest";
import type { Case } from "./case.ts";
import { cases } from "./cases.ts";
import type { Verdict } from "./verdict.ts";

/** Declares a test for each case, many of them at a time, and one for the tally of them all. */
export function suite(examine: (given: Case) => Promise<Verdict>): void {
  vi.setConfig({ maxConcurrency: 32, testTimeout: 60_000 });
  const verdicts: Verdict[] = [];

  for (const given of cases) {
    it.concurrent(`${given.id} ${given.title}`, async () => {
      const verdict = await examine(given);
      verdicts.push(verdict);
      expect(verdict.result, verdict.evidence).toBe(given.informational ? "INFORMATIONAL" : "OK");
    });
  }

  it("adds up to 244 OK, 3 INFORMATIONAL and nothing else", () => {
    expect(tally(verdicts)).toEqual({ OK: 244, INFORMATIONAL: 3 });
  });
}

/** How often each result was given. */
export function tally(verdicts: readonly Verdict[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { result } of verdicts) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
}
