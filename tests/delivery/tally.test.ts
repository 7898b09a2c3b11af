import { describe, expect, test } from "vitest";
import { Tally } from "../../benchmarks/delivery/tally.ts";

/** The numbers from 1 to 9 of which a tally knows neither that they were shown nor that it was told. */
function lies(tally: Tally): number[] {
  return [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((n) => !tally.has(n) && !tally.wasTold(n));
}

describe("a client's tally", () => {
  test("has a lie for each message that it was not shown and of which nothing was said", () => {
    const tally = new Tally();
    for (const number of [1, 2, 4, 5, 8]) tally.show(number);
    expect(lies(tally)).toEqual([3, 6, 7, 9]);
  });

  test("is told of what lies between the messages around a gap, and of nothing else", () => {
    const tally = new Tally();
    for (const number of [1, 3]) tally.show(number);
    tally.reload();
    tally.reload();
    for (const number of [6, 8, 9]) tally.show(number);
    expect(lies(tally)).toEqual([2, 7]);
  });

  test("is told of everything that comes after a gap, until it is shown something", () => {
    const tally = new Tally();
    for (const number of [1, 2, 4]) tally.show(number);
    tally.reload();
    expect(lies(tally)).toEqual([3]);
  });

  test("counts what is shown again, and what comes behind a higher number", () => {
    const tally = new Tally();
    for (const number of [1, 3, 2, 3]) tally.show(number);
    expect(tally).toMatchObject({ shown: 3, duplicates: 1, disorders: 1, last: 3 });
  });
});
