import { describe, expect, it } from "vitest";
import { remarks } from "../../../benchmarks/report/remarks.ts";
import { resultOf, sample } from "../result.ts";

describe("what one has to know to read a row", () => {
  it("is nothing where nothing was in the way", () => {
    expect(remarks(resultOf({ sluice: [sample(1)], ws: [sample(9)] }))).toEqual([]);
  });

  it("is for whom the generator was the limit: a server that had nothing to do, and its core", () => {
    const idle = sample(1, { serverShare: 0.8, waitingShare: 0.02 });
    const pushed = sample(1, { serverShare: 0.8, waitingShare: 0.2 });
    const text = remarks(resultOf({ raw: [idle, idle], sluice: [pushed, pushed] }));
    expect(text.at(-1)).toContain("The generator was the limit for raw:");
  });

  it("is that others had the core of a server", () => {
    const pushed = sample(1, { serverShare: 0.8, waitingShare: 0.2 });
    expect(remarks(resultOf({ ws: [pushed] }))[0]).toContain("up to 20 % of the time");
  });

  it("is who was not there, and why", () => {
    const result = {
      ...resultOf({ ws: [sample(1)] }),
      missing: [{ name: "uws", why: "not installed" }],
    };
    expect(remarks(result)).toEqual(["uws is missing: not installed."]);
  });
});
