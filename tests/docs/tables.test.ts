import { readFileSync } from "node:fs";
import { diagnosticNames, errorCodes, middlewareDiagnosticNames } from "sluice";
import { clusterDiagnosticNames } from "sluice/layers/cluster";
import { describe, expect, it } from "vitest";
import { brokerDiagnosticNames } from "../../src/layers/broker/diagnostics.ts";
import { defaultClientLimits } from "../../src/connect/options.ts";
import { defaultServerLimits } from "../../src/server/options.ts";

describe("the reference", () => {
  it("has a row for every error code, with the same words, and no others", () => {
    expect(Object.fromEntries(rows("errors.md", /^\| `(ERR_\w+)` \| (.+) \|$/gm))).toEqual(
      errorCodes,
    );
  });

  it("has a row for every diagnostics channel, and no others", () => {
    const names = rows("diagnostics.md", /^\| `(sluice:[\w.]+)` \|/gm).map(([name]) => name);
    expect(names).toEqual([
      ...diagnosticNames,
      ...middlewareDiagnosticNames,
      ...clusterDiagnosticNames,
      ...brokerDiagnosticNames,
    ]);
  });

  it("has a row for every limit, with its default, and no others", () => {
    const limits = rows("limits.md", /^\| `(\w+)` \| ([\d ]+) \|/gm).map(
      ([name, value]) => [name, Number(value!.replaceAll(" ", ""))] as const,
    );
    expect(Object.fromEntries(limits)).toEqual({ ...defaultClientLimits, ...defaultServerLimits });
    expect({ ...defaultServerLimits, ...defaultClientLimits }).toEqual(Object.fromEntries(limits));
  });
});

function rows(file: string, pattern: RegExp): string[][] {
  const text = readFileSync(new URL(`../../docs/reference/${file}`, import.meta.url), "utf8");
  return [...text.matchAll(pattern)].map((match) => match.slice(1) as string[]);
}
