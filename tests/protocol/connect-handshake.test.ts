import { judgeConnect } from "sluice/protocol";
import { describe, expect, it } from "vitest";
import { HandshakeError } from "../../src/errors.ts";
import { withoutPseudoHeaders } from "../../src/protocol/connect-handshake.ts";

/** The extended CONNECT of a well-behaved client. */
const wellFormed: Readonly<Record<string, readonly string[]>> = {
  ":method": ["CONNECT"],
  ":protocol": ["websocket"],
  ":scheme": ["https"],
  ":path": ["/chat/?a=1"],
  ":authority": ["example.com:8443"],
  "sec-websocket-version": ["13"],
};

function lines(changes: Record<string, readonly string[]> = {}): string[] {
  return Object.entries({ ...wellFormed, ...changes }).flatMap(([name, values]) =>
    values.flatMap((value) => [name, value]),
  );
}

function refused(changes: Record<string, readonly string[]>): [string, number] {
  const judged = judgeConnect(lines(changes));
  if (!(judged instanceof HandshakeError)) throw new Error("it was not refused");
  return [judged.code, judged.status];
}

describe("an extended CONNECT (RFC 8441 §4, §5)", () => {
  it("asks for what its pseudo-headers and headers say", () => {
    const changes = {
      origin: ["https://example.com"],
      "sec-websocket-protocol": ["chat, superchat"],
      "sec-websocket-extensions": ["permessage-deflate; client_max_window_bits"],
    };
    expect(judgeConnect(lines(changes))).toEqual({
      path: "/chat/",
      query: "a=1",
      host: "example.com:8443",
      origin: "https://example.com",
      subprotocols: ["chat", "superchat"],
      extensions: [{ name: "permessage-deflate", parameters: [["client_max_window_bits", true]] }],
    });
  });

  it.each([
    [":protocol", "WebSocket"],
    [":scheme", "http"],
    ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
    ["sec-websocket-key", "what a proxy forwards is not looked at"],
    ["host", "EXAMPLE.com:8443"],
    ["content-length", "0"],
  ])("may have %s: %s", (name, value) => {
    expect(judgeConnect(lines({ [name]: [value] }))).not.toBeInstanceOf(HandshakeError);
  });

  it.each([
    [":method", ["GET"], "ERR_HANDSHAKE_METHOD", 405],
    [":method", [], "ERR_HANDSHAKE_METHOD", 405],
    [":protocol", [], "ERR_HANDSHAKE_UPGRADE", 501],
    [":protocol", ["connect-udp"], "ERR_HANDSHAKE_UPGRADE", 501],
    [":authority", [], "ERR_HANDSHAKE_HOST", 400],
    [":authority", ["a", "a"], "ERR_HANDSHAKE_HOST", 400],
    [":authority", ["user@example.com"], "ERR_HANDSHAKE_HOST", 400],
    ["host", ["example.com"], "ERR_HANDSHAKE_HOST", 400],
    ["host", ["example.com:8443", "evil.example"], "ERR_HANDSHAKE_HOST", 400],
    ["content-length", ["1"], "ERR_HANDSHAKE_BODY", 400],
    [":path", [], "ERR_HANDSHAKE_TARGET", 400],
    [":path", ["*"], "ERR_HANDSHAKE_TARGET", 400],
    [":path", ["//evil.example/"], "ERR_HANDSHAKE_TARGET", 400],
    ["sec-websocket-version", [], "ERR_HANDSHAKE_VERSION", 400],
    ["sec-websocket-version", ["8"], "ERR_HANDSHAKE_VERSION", 400],
    ["sec-websocket-version", ["13", "13"], "ERR_HANDSHAKE_VERSION", 400],
    ["origin", ["https://a", "https://b"], "ERR_HANDSHAKE_ORIGIN", 403],
    ["cookie", ["a=\u00e9"], "ERR_HANDSHAKE_HEADERS", 400],
    ["sec-websocket-protocol", ["chat, chat"], "ERR_HANDSHAKE_SUBPROTOCOL", 400],
    ["sec-websocket-extensions", ["a b"], "ERR_HANDSHAKE_EXTENSION", 400],
  ] as const)("with %s %j is refused with %s, %d", (name, values, code, status) => {
    expect(refused({ [name]: values })).toEqual([code, status]);
  });

  it("is told the version that is spoken", () => {
    const judged = judgeConnect(lines({ "sec-websocket-version": ["8"] }));
    expect(judged).toMatchObject({ headers: { "Sec-WebSocket-Version": "13" } });
  });

  it("has as many lines as it may, in which a cookie is one however many parts it has", () => {
    const many = Object.fromEntries(Array.from({ length: 98 }, (_, at) => [`x-${at}`, ["a"]]));
    const cookie = Array.from({ length: 50 }, (_, at) => `c${at}=1`);
    expect(judgeConnect(lines({ ...many, cookie }))).not.toBeInstanceOf(HandshakeError);
    expect(refused({ ...many, cookie, "one-more": ["a"] })).toEqual(["ERR_HANDSHAKE_HEADERS", 431]);
    expect(judgeConnect(lines({ a: ["1"] }), { maxHeaders: 1 })).toMatchObject({ status: 431 });
  });
});

describe("an extended CONNECT with long headers", () => {
  it("has as many bytes as it may, pseudo-headers included", () => {
    const size = lines().reduce((sum, text) => sum + text.length + 2, 0);
    const judge = (maxHeaderSize: number) => judgeConnect(lines(), { maxHeaderSize });
    expect(judge(size)).not.toBeInstanceOf(HandshakeError);
    expect(judge(size - 1)).toMatchObject({
      code: "ERR_HANDSHAKE_HEADERS",
      status: 431,
      message: `headers of ${size} bytes exceed the limit of ${size - 1}`,
    });
  });
});

describe("the headers as HTTP/1.1 has them (RFC 9113 §8.3.1)", () => {
  it("have a Host in place of :authority, and no pseudo-headers", () => {
    expect(
      withoutPseudoHeaders(lines({ host: ["example.com:8443"], cookie: ["a=1", "b=2"] })),
    ).toEqual([
      "host",
      "example.com:8443",
      "sec-websocket-version",
      "13",
      "cookie",
      "a=1",
      "cookie",
      "b=2",
    ]);
  });

  it("keep the Host of a client that sends no :authority", () => {
    expect(withoutPseudoHeaders([":method", "GET", "host", "a"])).toEqual(["host", "a"]);
  });
});
