import { describe, expect, it } from "vitest";
import { cases } from "../../compliance/cases.ts";
import { findPublicCases, readPublicCases } from "./public-cases.ts";

describe("the conformance cases", () => {
  it("are 517 with ids of their own", () => {
    expect(cases).toHaveLength(517);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(517);
  });

  it("are each named differently", () => {
    expect(new Set(cases.map(({ title }) => title)).size).toBe(517);
  });

  it("are as many in each family as the public suite has", () => {
    const families = new Map<number, number>();
    for (const { id } of cases) {
      const family = Number(id.split(".")[0]);
      families.set(family, (families.get(family) ?? 0) + 1);
    }
    expect([...families]).toEqual([
      [1, 16],
      [2, 11],
      [3, 7],
      [4, 10],
      [5, 20],
      [6, 145],
      [7, 37],
      [9, 54],
      [10, 1],
      [12, 90],
      [13, 126],
    ]);
  });

  const file = findPublicCases();
  const unless = file ? "" : " (skipped: no conformance/cases.json beside this repository)";

  it.skipIf(!file)(`say what the public suite does, octet by octet${unless}`, () => {
    const theirs = readPublicCases(file as string);
    const listed = cases.filter(({ id }) => !/^(9|12|13)\./.test(id));
    expect(listed.map(({ id }) => id)).toEqual(theirs.map(({ id }) => id));
    for (const [i, { title: _, ...ours }] of listed.entries()) {
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
