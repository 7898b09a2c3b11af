import { CloseCode } from "sluice";
import { describe, expect, it } from "vitest";
import { endings } from "../../src/middleware/ending.ts";

describe("the codes that middleware closes with", () => {
  it("are those of the table", () => {
    const codes = Object.entries(endings).map(([name, { code }]) => [name, code]);
    expect(Object.fromEntries(codes)).toEqual({
      tokenExpired: CloseCode.tokenExpired,
      rateLimited: CloseCode.rateLimited,
      unauthenticated: CloseCode.unauthenticated,
      sessionRevoked: CloseCode.sessionRevoked,
      userDisconnected: CloseCode.sessionRevoked,
    });
  });
});
