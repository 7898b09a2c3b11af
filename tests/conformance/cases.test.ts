import { describe, expect, it } from "vitest";
import { cases } from "./cases.ts";
import { findPublicCases, readPublicCases } from "./public-cases.ts";

describe("the conformance cases", () => {
  it("are 247 with ids of their own", () => {
    expect(cases).toHaveLength(247);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(247);
  });

  it("are each named differently", () => {
    expect(new Set(cases.map(({ title }) => title)).size).toBe(247);
  });

  const file = findPublicCases();
  const unless = file ? "" : " (skipped: no conformance/cases.json beside this repository)";

  it.skipIf(!file)(`say what the public suite does, octet by octet${unless}`, () => {
    const theirs = readPublicCases(file as string);
    expect(cases.map(({ id }) => id)).toEqual(theirs.map(({ id }) => id));
    for (const [i, { title: _, ...ours }] of cases.entries()) {
      expect(inHex(ours), `case ${ours.id}`).toEqual(inHex(theirs[i]));
    }
  });
});

/** The same with every payload in hex, which is quicker to compare and easier to read. */
function inHex(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString("hex");
  if (Array.isArray(value)) return value.map(inHex);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, inHex(entry)]));
}
