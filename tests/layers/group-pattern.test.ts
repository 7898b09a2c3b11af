import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { GroupPattern } from "../../src/layers/group-pattern.ts";

function matches(pattern: string, name: string): boolean {
  return new GroupPattern(pattern, "groups").matches(name);
}

describe("a pattern of group names", () => {
  test.each([
    ["*", ["a", "room.1", "*", "\n", "日本"], []],
    ["room.*", ["room.1", "room.", "room.a.b"], ["room", "xroom.1", "Room.1"]],
    ["*.room", ["1.room", ".room"], ["room", "1.room.", "1.roomx"]],
    ["a*c", ["ac", "abc", "abcc", "a*c"], ["a", "c", "ab", "acb", "bac"]],
    ["a*a", ["aa", "aba"], ["a"]],
    ["a*b*c", ["abc", "a1b2c", "abbc"], ["ac", "acb", "a1c2b"]],
    ["*a*a*", ["aa", "bababab"], ["a", "bab"]],
    ["room", ["room"], ["room.", "roo", "rooms"]],
    ["a.c", ["a.c"], ["abc"]],
    ["[a-z]+?", ["[a-z]+?"], ["abc", "a"]],
  ])("%s", (pattern, taken, left) => {
    for (const name of taken) expect(matches(pattern, name), name).toBe(true);
    for (const name of left) expect(matches(pattern, name), name).toBe(false);
  });

  test("matches what the same pattern as a regular expression does", () => {
    const text = fc.stringMatching(/^[ab*]{1,8}$/);
    const name = fc.stringMatching(/^[ab]{1,12}$/);
    fc.assert(
      fc.property(text, name, (pattern, group) => {
        const expression = new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
        expect(matches(pattern, group)).toBe(expression.test(group));
      }),
      { numRuns: 2_000 },
    );
  });

  test("takes no longer for many stars", () => {
    expect(matches("*a".repeat(90), "a".repeat(199))).toBe(true);
    expect(matches(`${"*a".repeat(90)}b`, "a".repeat(199))).toBe(false);
  });

  test("that can match no name is refused, with the option and the value", () => {
    for (const text of ["", "x".repeat(201), "\ud800", 7, undefined] as string[]) {
      expect(() => new GroupPattern(text, "history[3].groups")).toThrow(UsageError);
    }
    expect(() => new GroupPattern("", "history[3].groups")).toThrow('history[3].groups is ""');
  });
});
