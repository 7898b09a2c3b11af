import { connectRefusal, connectResponse } from "sluice/protocol";
import { describe, expect, it } from "vitest";

describe("the answer to an extended CONNECT (RFC 8441 §5)", () => {
  it("is a 200 with what was agreed on, and without a key", () => {
    expect(connectResponse({ subprotocol: "chat", extensions: "permessage-deflate" })).toEqual({
      ":status": 200,
      "sec-websocket-protocol": "chat",
      "sec-websocket-extensions": "permessage-deflate",
    });
  });

  it("has names in lower case, and each value once (RFC 9113 §8.2)", () => {
    const headers = { "Set-Cookie": ["a=1", "b=2"], "set-cookie": " c=3 ", "X-A": "\tx" };
    expect(connectResponse({ headers })).toEqual({
      ":status": 200,
      "set-cookie": ["a=1", "b=2", "c=3"],
      "x-a": "x",
    });
  });

  it.each(["Keep-Alive", "Proxy-Connection", "TE", "HTTP2-Settings"])(
    "goes without %s, which speaks of a connection (RFC 9113 §8.2.2)",
    (name) => {
      expect(connectResponse({ headers: { [name]: "x" } })).toEqual({ ":status": 200 });
    },
  );

  it.each([
    [{ headers: { Connection: "close" } }],
    [{ headers: { ":status": "200" } }],
    [{ headers: { "X-A": "a\r\nb" } }],
    [{ subprotocol: "a b" }],
  ])("cannot hold %j", (agreed) => {
    expect(() => connectResponse(agreed)).toThrow(expect.objectContaining({ code: "ERR_HEADER" }));
  });
});

describe("the refusal of an extended CONNECT", () => {
  it("is as long as its body, and plain text", () => {
    expect(connectRefusal(403, { body: "né" })).toEqual({
      ":status": 403,
      "content-type": "text/plain; charset=utf-8",
      "content-length": "3",
    });
  });

  it("keeps the application's headers, but for an Upgrade", () => {
    const headers = { Upgrade: "websocket", "Content-Type": "text/html", "Retry-After": "1" };
    expect(connectRefusal(426, { headers })).toEqual({
      ":status": 426,
      "content-type": "text/html",
      "content-length": "0",
      "retry-after": "1",
    });
  });

  it("refuses something", () => {
    expect(() => connectRefusal(200)).toThrow("status 200 refuses nothing");
  });
});
