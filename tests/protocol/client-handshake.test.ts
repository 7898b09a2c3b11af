import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HandshakeError } from "../../src/errors.ts";
import { acceptKey, newKey } from "../../src/protocol/accept-key.ts";
import {
  clientHandshake,
  type HandshakeQuestion,
  judgeResponse,
} from "../../src/protocol/client-handshake.ts";
import { judgeHandshake } from "../../src/protocol/handshake.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const good: readonly (readonly [string, string])[] = [
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Accept", acceptKey(key)],
];

/** Judges the good answer with the lines called `name` replaced by one line per value. */
function judge(asked: Partial<HandshakeQuestion>, name?: string, ...values: string[]) {
  const kept = good.filter(([other]) => other !== name);
  const rawHeaders = [...kept, ...values.map((value) => [name ?? "", value])].flat();
  const verdict = judgeResponse({ status: 101, rawHeaders }, { key, ...asked });
  return verdict instanceof HandshakeError ? verdict.code : verdict;
}

const nothing = { subprotocol: undefined, extensions: [] };

describe("a client's opening handshake (RFC 6455 §4.1)", () => {
  it("has the headers that a server must see (items 5 to 9)", () => {
    expect(clientHandshake({ key }).join(" ")).toBe(
      `Upgrade websocket Connection Upgrade Sec-WebSocket-Version 13 Sec-WebSocket-Key ${key}`,
    );
  });

  it("is what our server reads back (items 8, 10 and 11)", () => {
    const fresh = newKey();
    const lines = clientHandshake({
      key: fresh,
      subprotocols: ["chat.v2", "chat"],
      extensions: "permessage-deflate; client_max_window_bits",
      headers: { Origin: "https://good.com", Cookie: "a=b" },
    });
    const rawHeaders = ["Host", "good.com", ...lines];
    expect(judgeHandshake({ method: "GET", target: "/", httpVersion: "1.1", rawHeaders })).toEqual({
      key: fresh,
      path: "/",
      query: "",
      host: "good.com",
      origin: "https://good.com",
      subprotocols: ["chat.v2", "chat"],
      extensions: [{ name: "permessage-deflate", parameters: [["client_max_window_bits", true]] }],
    });
  });

  it("offers each subprotocol once, and only tokens (item 10)", () => {
    for (const subprotocols of [["a", "a"], [""], ["a b"], ["a,b"], ["a\r\nb"]]) {
      expect(() => clientHandshake({ key, subprotocols })).toThrow(
        expect.objectContaining({ code: "ERR_INVALID_OPTION" }),
      );
    }
  });

  it("lets no header break a line or contradict the handshake", () => {
    const header = (name: string, value: string) => ({ key, headers: { [name]: value } });
    for (const options of [
      header("X", "a\r\nb"),
      header("X\r\n", "a"),
      header("Upgrade", "h2c"),
      header("Sec-WebSocket-Key", key),
      header("Content-Length", "5"),
      { key, extensions: "a\r\nb" },
    ]) {
      expect(() => clientHandshake(options)).toThrow(
        expect.objectContaining({ code: "ERR_HEADER" }),
      );
    }
  });
});

describe("a server's answer (RFC 6455 §4.1, what the client must check)", () => {
  it("opens the connection when everything fits", () => {
    expect(judge({})).toEqual(nothing);
  });

  it("has another status than 101 when it refuses (item 1)", () => {
    for (const status of [100, 200, 302, 401, 403, 426, 503]) {
      const verdict = judgeResponse({ status, rawHeaders: good.flat() }, { key });
      expect(verdict).toMatchObject({ code: "ERR_HANDSHAKE_STATUS", status });
    }
  });

  it("must upgrade to websocket, in any case, and to nothing else (item 2)", () => {
    expect(judge({}, "Upgrade", "WebSocket")).toEqual(nothing);
    for (const values of [[], [""], ["h2c"], ["websocket, h2c"], ["websocket", "websocket"]]) {
      expect(judge({}, "Upgrade", ...values)).toBe("ERR_HANDSHAKE_UPGRADE");
    }
  });

  it("must hold the token Upgrade in Connection, in any case (item 3)", () => {
    expect(judge({}, "Connection", "keep-alive, UPGRADE")).toEqual(nothing);
    for (const values of [[], [""], ["keep-alive"], ["upgraded"]]) {
      expect(judge({}, "Connection", ...values)).toBe("ERR_HANDSHAKE_UPGRADE");
    }
  });

  it("must prove that it read our key, white space aside (item 4)", () => {
    expect(judge({}, "Sec-WebSocket-Accept", ` ${acceptKey(key)}\t`)).toEqual(nothing);
    const other = acceptKey(newKey());
    const lower = acceptKey(key).toLowerCase();
    for (const values of [[], [""], [other], [lower], [key], [acceptKey(key), acceptKey(key)]]) {
      expect(judge({}, "Sec-WebSocket-Accept", ...values)).toBe("ERR_HANDSHAKE_ACCEPT");
    }
  });

  it("may choose only extensions that were offered (item 5)", () => {
    const asked = { extensions: ["permessage-deflate"] };
    expect(judge(asked, "Sec-WebSocket-Extensions", "permessage-deflate; a=1")).toEqual({
      subprotocol: undefined,
      extensions: [{ name: "permessage-deflate", parameters: [["a", "1"]] }],
    });
    expect(judge(asked)).toEqual(nothing);
    for (const values of [["x"], ["permessage-deflate, x"], ["permessage-deflate;"], [""]]) {
      expect(judge(asked, "Sec-WebSocket-Extensions", ...values)).toBe("ERR_HANDSHAKE_EXTENSION");
    }
    expect(judge({}, "Sec-WebSocket-Extensions", "__proto__")).toBe("ERR_HANDSHAKE_EXTENSION");
  });

  it("may choose one subprotocol that was offered, or none (item 6, §11.3.4)", () => {
    const asked = { subprotocols: ["chat", "superchat"] };
    expect(judge(asked, "Sec-WebSocket-Protocol", "superchat")).toMatchObject({
      subprotocol: "superchat",
    });
    expect(judge(asked)).toEqual(nothing);
    for (const values of [["x"], ["Chat"], ["chat, superchat"], ["chat", "chat"], [""]]) {
      expect(judge(asked, "Sec-WebSocket-Protocol", ...values)).toBe("ERR_HANDSHAKE_SUBPROTOCOL");
    }
    expect(judge({}, "Sec-WebSocket-Protocol", "chat")).toBe("ERR_HANDSHAKE_SUBPROTOCOL");
  });

  it("never makes the client throw, whatever it holds", () => {
    const name = fc.constantFrom("Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Upgrade");
    const line = fc.tuple(fc.oneof(name, fc.string()), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), (lines, whole) => {
        const rawHeaders = [...(whole ? good.flat() : []), ...lines.flat()];
        judgeResponse({ status: 101, rawHeaders }, { key });
      }),
    );
  });
});
