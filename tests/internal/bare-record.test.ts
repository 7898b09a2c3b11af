import { describe, expect, it } from "vitest";
import { bareRecord, emptyRecord } from "../../src/internal/bare-record.ts";

describe("a bare record", () => {
  it("inherits no names", () => {
    for (const name of ["toString", "constructor", "__proto__", "hasOwnProperty"]) {
      expect(name in bareRecord()).toBe(false);
    }
  });

  it("takes __proto__ for a key like any other", () => {
    const record = bareRecord<unknown>();
    record["__proto__"] = { admin: true };
    expect(Object.keys(record)).toEqual(["__proto__"]);
    expect("admin" in record).toBe(false);
  });

  it("cannot be spoiled through its prototype", () => {
    const prototype = Object.getPrototypeOf(bareRecord()) as object;
    expect(() => Object.assign(prototype, { admin: true })).toThrow(TypeError);
    expect("admin" in bareRecord()).toBe(false);
  });

  it("exists without keys, once and frozen", () => {
    expect(Object.keys(emptyRecord)).toEqual([]);
    expect(Object.isFrozen(emptyRecord)).toBe(true);
  });
});
