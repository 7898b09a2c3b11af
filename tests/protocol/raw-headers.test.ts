import { describe, expect, it } from "vitest";
import {
  hasHeader,
  headerHolds,
  headerValues,
  joinHeaders,
  onlyHeader,
} from "../../src/protocol/raw-headers.ts";

const raw = ["A", "1", "b", " 2\t", "COOKIE", "c=d", "a", "3", "cookie", "e=f", "lonely"];

describe("the values of a header (RFC 9110 §5)", () => {
  it("are those of all lines of that name in any case, in order, without white space around", () => {
    expect(headerValues(raw, "a")).toEqual(["1", "3"]);
    expect(headerValues(raw, "b")).toEqual(["2"]);
    expect(headerValues(raw, "1")).toEqual([]);
  });

  it("are one if there is one line of that name, be it empty", () => {
    expect(onlyHeader(raw, "b")).toBe("2");
    expect(onlyHeader(["Origin", " "], "origin")).toBe("");
    expect(onlyHeader(raw, "a")).toBeUndefined();
    expect(onlyHeader(["Host", "", "host", "x"], "host")).toBeUndefined();
    expect(onlyHeader(raw, "1")).toBeUndefined();
  });

  it("are there if a line has the name, in any case", () => {
    expect(hasHeader(raw, "cookie")).toBe(true);
    expect(hasHeader(raw, "1")).toBe(false);
    expect(hasHeader(raw, "lonely")).toBe(false);
  });

  it("may be elements of one list over several lines", () => {
    const lines = ["Connection", "keep-alive, Upgrade", "connection", ",close"];
    expect(headerHolds(lines, "connection", "upgrade")).toBe(true);
    expect(headerHolds(lines, "connection", "close")).toBe(true);
    expect(headerHolds(lines, "connection", "keep")).toBe(false);
  });
});

describe("headers that are joined (RFC 9110 §5.3)", () => {
  it("are one record in lower case: commas between values, semicolons between cookies", () => {
    expect({ ...joinHeaders(raw) }).toEqual({ a: "1, 3", b: " 2\t", cookie: "c=d; e=f" });
  });

  it("are frozen and inherit nothing, whatever their names are", () => {
    const joined = joinHeaders(["__proto__", "x", "constructor", "y", "__proto__", "z"]);
    expect(Object.isFrozen(joined)).toBe(true);
    expect(joined["toString"]).toBeUndefined();
    expect(Object.keys(joined)).toEqual(["__proto__", "constructor"]);
    expect(joined["__proto__"]).toBe("x, z");
  });
});
