import { describe, expect, it } from "vitest";
import type { HandshakeError } from "../../src/errors.ts";
import { judgeHandshake } from "../../src/protocol/handshake.ts";
import { handshakeResponse, refusalResponse } from "../../src/protocol/handshake-response.ts";
import { headerValues } from "../../src/protocol/raw-headers.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";

describe("the server's answer (RFC 6455 §4.2.2 item 5)", () => {
  it("is the example of §1.2", () => {
    expect(handshakeResponse({ key, subprotocol: "chat" })).toBe(
      [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Sec-WebSocket-Protocol: chat",
        "\r\n",
      ].join("\r\n"),
    );
  });

  it("carries the agreed extensions and the application's headers, a list line by line", () => {
    const text = handshakeResponse({
      key,
      extensions: "permessage-deflate",
      headers: { "X-One": "1", "Set-Cookie": ["a=1", "b=2"] },
    });
    expect(text.split("\r\n").slice(4)).toEqual([
      "Sec-WebSocket-Extensions: permessage-deflate",
      "X-One: 1",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "",
      "",
    ]);
  });

  it("says nothing of a subprotocol or extensions when there are none (§4.2.2 item 5)", () => {
    const text = handshakeResponse({ key, subprotocol: undefined, extensions: "" });
    expect(text).not.toMatch(/Sec-WebSocket-(Protocol|Extensions)/);
  });

  const code = (work: () => string) => {
    try {
      return work();
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it("lets no header contradict the handshake or announce a body", () => {
    for (const name of [
      "Upgrade",
      "connection",
      "Content-Length",
      "TRANSFER-ENCODING",
      "Sec-WebSocket-Accept",
      "sec-websocket-anything",
    ]) {
      expect(code(() => handshakeResponse({ key, headers: { [name]: "x" } }))).toBe("ERR_HEADER");
    }
  });

  it("lets nothing break a line", () => {
    for (const bad of [
      "\r",
      "\n",
      "\r\nSet-Cookie: a=b",
      "\0",
      "\u007f",
      "\u0085",
      "é",
      "\u2028",
    ]) {
      for (const work of [
        () => handshakeResponse({ key, headers: { X: `a${bad}` } }),
        () => handshakeResponse({ key, headers: { X: ["a", `a${bad}`] } }),
        () => handshakeResponse({ key, headers: { [`X${bad}`]: "a" } }),
        () => handshakeResponse({ key, subprotocol: `a${bad}` }),
        () => handshakeResponse({ key, extensions: `a${bad}` }),
        () => refusalResponse(403, { headers: { X: `a${bad}` } }),
      ]) {
        expect(code(work)).toBe("ERR_HEADER");
      }
    }
    expect(code(() => handshakeResponse({ key, headers: { "": "a" } }))).toBe("ERR_HEADER");
    expect(code(() => handshakeResponse({ key, headers: { "X:": "a" } }))).toBe("ERR_HEADER");
    expect(code(() => handshakeResponse({ key, headers: { X: 1 as never } }))).toBe("ERR_HEADER");
    expect(code(() => handshakeResponse({ key, subprotocol: "" }))).toBe("ERR_HEADER");
  });

  it("does not repeat a refused value, which may be a secret", () => {
    const refusing = () => handshakeResponse({ key, headers: { "Set-Cookie": "secret\n" } });
    expect(refusing).toThrow(/the value of Set-Cookie/);
    expect(refusing).not.toThrow(/secret/);
  });
});

describe("a refusal (RFC 6455 §4.2.2 item 4)", () => {
  it("is a whole response that ends the connection", () => {
    expect(refusalResponse(403)).toBe(
      [
        "HTTP/1.1 403 Forbidden",
        "Connection: close",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Length: 0",
        "\r\n",
      ].join("\r\n"),
    );
  });

  it("counts its body in bytes", () => {
    const text = refusalResponse(400, { body: "naïve €" });
    expect(headerOf(text, "content-length")).toEqual(["10"]);
    expect(text.endsWith("\r\n\r\nnaïve €")).toBe(true);
  });

  it("keeps the application's content type, in any case", () => {
    const text = refusalResponse(401, {
      headers: { "content-TYPE": "application/json", "WWW-Authenticate": ["Basic", "Bearer"] },
      body: "{}",
    });
    expect(headerOf(text, "content-type")).toEqual(["application/json"]);
    expect(headerOf(text, "www-authenticate")).toEqual(["Basic", "Bearer"]);
  });

  it("names the protocol that a 426 asks for (RFC 9110 §15.5.22)", () => {
    const text = refusalResponse(426);
    expect(headerOf(text, "upgrade")).toEqual(["websocket"]);
    expect(headerOf(text, "connection")).toEqual(["Upgrade, close"]);
  });

  it("carries what the judge asks for: the version spoken here (RFC 6455 §4.4)", () => {
    const rawHeaders = ["Host", "a", "Upgrade", "websocket", "Connection", "Upgrade"];
    const request = { method: "GET", target: "/", httpVersion: "1.1", rawHeaders };
    const { status, headers } = judgeHandshake(request) as HandshakeError;
    const text = refusalResponse(status, { headers });
    expect(text.startsWith("HTTP/1.1 426 ")).toBe(true);
    expect(headerOf(text, "sec-websocket-version")).toEqual(["13"]);
    expect(headerOf(text, "upgrade")).toEqual(["websocket"]);
    expect(headerOf(text, "connection")).toEqual(["Upgrade, close"]);
  });

  it("may redirect, and may have a status without a known phrase (RFC 9112 §4)", () => {
    expect(refusalResponse(302, { headers: { Location: "/login" } })).toContain("302 Found\r\n");
    expect(refusalResponse(499).startsWith("HTTP/1.1 499 \r\n")).toBe(true);
  });

  it.each([101, 200, 204, 299, 600, 1000, 403.5, Number.NaN, "403"])("cannot be %s", (status) => {
    expect(() => refusalResponse(status as number)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_OPTION" }),
    );
  });

  it("lets no header contradict how it is framed", () => {
    for (const name of ["Connection", "content-length", "Transfer-Encoding", "Sec-WebSocket-Key"]) {
      expect(() => refusalResponse(403, { headers: { [name]: "x" } })).toThrow(
        expect.objectContaining({ code: "ERR_HEADER" }),
      );
    }
  });
});

/** The values of a header in the text of a response. */
function headerOf(text: string, name: string): string[] {
  const lines = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n").slice(1);
  return headerValues(
    lines.flatMap((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
    name,
  );
}
