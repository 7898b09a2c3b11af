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

/** The cases without compression. */
export const uncompressed: readonly Case[] = cases.filter((given) => !given.compression);

/** Declares a test for each case, many of them at a time, and one for the tally of them all. */
export function suite(
  examine: (given: Case) => Promise<Verdict>,
  chosen: readonly Case[] = cases,
): void {
  vi.setConfig({ maxConcurrency: 32, testTimeout: 150_000 });
  const verdicts: Verdict[] = [];
  const informational = chosen.filter((given) => given.informational).length;
  const ok = chosen.length - informational;

  for (const given of chosen) {
    it.concurrent(`${given.id} ${given.title}`, async () => {
      const verdict = await examine(given);
      verdicts.push(verdict);
      expect(verdict.result, verdict.evidence).toBe(given.informational ? "INFORMATIONAL" : "OK");
    });
  }

  it(`adds up to ${ok} OK, ${informational} INFORMATIONAL and nothing else`, () => {
    expect(tally(verdicts)).toEqual({ OK: ok, INFORMATIONAL: informational });
  });
}

/** How often each result was given. */
export function tally(verdicts: readonly Verdict[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { result } of verdicts) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
}
