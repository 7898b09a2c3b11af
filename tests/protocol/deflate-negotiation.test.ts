import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HandshakeError } from "../../src/errors.ts";
import type { CompressionOptions } from "../../src/protocol/compression-options.ts";
import {
  acceptDeflate,
  deflateOffers,
  judgeDeflate,
} from "../../src/protocol/deflate-negotiation.ts";
import { DeflateShare } from "../../src/protocol/deflate-share.ts";
import { formatExtensions, parseExtensions } from "../../src/protocol/extension-offer.ts";

/** What a server answers to the value of Sec-WebSocket-Extensions; undefined if it declines. */
function answer(offers: string, options: CompressionOptions = {}): string | undefined {
  const agreement = acceptDeflate(
    parseExtensions(offers)!,
    new DeflateShare({ clientMaxWindowBits: 15, ...options }),
  );
  return agreement && formatExtensions([agreement.answer]);
}

/** What a client makes of a server's answer: the bits of what it sends, and what it reserved. */
function judged(value: string, options: CompressionOptions = {}) {
  const share = new DeflateShare({ clientMaxWindowBits: 15, ...options });
  const extension = judgeDeflate(value === "" ? [] : parseExtensions(value)!, share);
  if (extension === undefined || extension instanceof HandshakeError) return extension;
  return { windowBits: extension.windowBits, reserved: share.reserved };
}

const deflate = "permessage-deflate";
const neither = { serverNoContextTakeover: true, clientNoContextTakeover: true };

describe("a client's offer, as a server answers it (RFC 7692 §7.1)", () => {
  it.each<[offers: string, answer: string, options?: CompressionOptions]>([
    [deflate, deflate],
    [`${deflate}; client_max_window_bits`, deflate],
    [`${deflate}; client_max_window_bits=15`, deflate],
    [`${deflate}; client_max_window_bits=8`, `${deflate}; client_max_window_bits=8`],
    [`${deflate}; client_max_window_bits="10"`, `${deflate}; client_max_window_bits=10`],
    [`${deflate}; server_max_window_bits=15`, `${deflate}; server_max_window_bits=15`],
    [`${deflate}; server_max_window_bits=8`, `${deflate}; server_max_window_bits=8`],
    [`${deflate}; server_no_context_takeover`, `${deflate}; server_no_context_takeover`],
    [`${deflate}; client_no_context_takeover`, `${deflate}; client_no_context_takeover`],
    [
      `${deflate}; client_max_window_bits=9; server_no_context_takeover; server_max_window_bits=11; client_no_context_takeover`,
      `${deflate}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=9`,
    ],
    // What the server wants on its own.
    [deflate, `${deflate}; server_no_context_takeover; client_no_context_takeover`, neither],
    [deflate, `${deflate}; server_max_window_bits=10`, { serverMaxWindowBits: 10 }],
    [
      `${deflate}; server_max_window_bits=12`,
      `${deflate}; server_max_window_bits=10`,
      { serverMaxWindowBits: 10 },
    ],
    [
      `${deflate}; server_max_window_bits=9`,
      `${deflate}; server_max_window_bits=9`,
      { serverMaxWindowBits: 10 },
    ],
    // A client's window is only narrowed if the client named it (§7.1.2.2).
    [deflate, deflate, { clientMaxWindowBits: 9 }],
    [
      `${deflate}; client_max_window_bits`,
      `${deflate}; client_max_window_bits=9`,
      { clientMaxWindowBits: 9 },
    ],
    [
      `${deflate}; client_max_window_bits=12`,
      `${deflate}; client_max_window_bits=9`,
      { clientMaxWindowBits: 9 },
    ],
    [
      `${deflate}; client_max_window_bits=8`,
      `${deflate}; client_max_window_bits=8`,
      { clientMaxWindowBits: 9 },
    ],
  ])("%s → %s", (offers, expected, options) => {
    expect(answer(offers, options)).toBe(expected);
  });

  it.each([
    "unknown",
    "unknown=1",
    "__proto__",
    "server_no_context_takeover=1",
    "server_no_context_takeover=true",
    "client_no_context_takeover=1",
    "server_no_context_takeover; server_no_context_takeover",
    "client_no_context_takeover; client_no_context_takeover",
    "server_max_window_bits",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=08",
    "server_max_window_bits=010",
    "server_max_window_bits=0",
    "server_max_window_bits=-8",
    "server_max_window_bits=abc",
    "server_max_window_bits=10.0",
    "server_max_window_bits=1e1",
    "server_max_window_bits=100",
    "server_max_window_bits=10; server_max_window_bits=10",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "client_max_window_bits=08",
    "client_max_window_bits=abc",
    "client_max_window_bits; client_max_window_bits",
    "client_max_window_bits=10; client_max_window_bits",
    "Server_no_context_takeover",
  ])("with %s is declined, and the next one counts", (parameters) => {
    expect(answer(`${deflate}; ${parameters}`)).toBeUndefined();
    expect(answer(`${deflate}; ${parameters}, ${deflate}; server_max_window_bits=9`)).toBe(
      `${deflate}; server_max_window_bits=9`,
    );
  });

  it("is the first that is valid, among other extensions", () => {
    expect(answer("x-webkit-deflate-frame, permessage-bzip2; a=1")).toBeUndefined();
    expect(
      answer(
        `other; server_max_window_bits=99, ${deflate}; client_no_context_takeover, ${deflate}`,
      ),
    ).toBe(`${deflate}; client_no_context_takeover`);
    expect(answer(Array(500).fill(`${deflate}; x`).join(","))).toBeUndefined();
  });

  it("never throws, whatever it is", () => {
    const name = fc.oneof(
      fc.constantFrom(
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_max_window_bits",
        "client_max_window_bits",
      ),
      fc.string(),
    );
    const value = fc.oneof(fc.constant(true as const), fc.string(), fc.nat(20).map(String));
    const offers = fc.array(
      fc.record({
        name: fc.oneof(fc.constant(deflate), fc.string()),
        parameters: fc.array(fc.tuple(name, value), { maxLength: 5 }),
      }),
    );
    fc.assert(
      fc.property(offers, (list) => {
        const share = new DeflateShare();
        acceptDeflate(list, share)?.extension.dispose();
        const extension = judgeDeflate(list, share);
        if (extension !== undefined && !(extension instanceof HandshakeError)) extension.dispose();
        expect(share.reserved).toBe(0);
      }),
    );
  });

  it("takes the window for receiving from the budget until it is disposed of", () => {
    const share = new DeflateShare({ memory: 70_000 });
    const accept = (offers: string) => acceptDeflate(parseExtensions(offers)!, share)!;
    const first = accept(deflate);
    expect(share.reserved).toBe(32_768);
    const second = accept(`${deflate}; client_max_window_bits=10`);
    expect(share.reserved).toBe(32_768 + 1024);
    accept(`${deflate}; client_no_context_takeover`);
    expect(share.reserved).toBe(32_768 + 1024);
    accept(deflate);
    const full = accept(deflate);
    expect(formatExtensions([full.answer])).toBe(`${deflate}; client_no_context_takeover`);
    full.extension.dispose();
    expect(share.reserved).toBe(65_536 + 1024);
    for (const { extension } of [first, second, first]) extension.dispose();
    expect(share.reserved).toBe(32_768);
    expect(formatExtensions([accept(deflate).answer])).toBe(deflate);
  });

  it("narrows a client's window to 8 KiB unless told otherwise", () => {
    const offers = parseExtensions(`${deflate}; client_max_window_bits`)!;
    const { answer: given } = acceptDeflate(offers, new DeflateShare())!;
    expect(formatExtensions([given])).toBe(`${deflate}; client_max_window_bits=13`);
  });

  it("says how far what we send may look back", () => {
    const offers = parseExtensions(
      `${deflate}; server_max_window_bits=9; client_max_window_bits=12`,
    )!;
    expect(acceptDeflate(offers, new DeflateShare())!.extension.windowBits).toBe(9);
  });
});

describe("what a client offers (RFC 7692 §7.1)", () => {
  it.each<[offers: string, options?: CompressionOptions]>([
    [`${deflate}; client_max_window_bits`],
    [`${deflate}; client_max_window_bits=10`, { clientMaxWindowBits: 10 }],
    [`${deflate}; server_max_window_bits=9; client_max_window_bits`, { serverMaxWindowBits: 9 }],
    [
      `${deflate}; server_no_context_takeover; client_no_context_takeover; client_max_window_bits`,
      neither,
    ],
  ])("is %s", (offers, options) => {
    const share = new DeflateShare({ clientMaxWindowBits: 15, ...options });
    expect(formatExtensions(deflateOffers(share))).toBe(offers);
    // What we offer we accept.
    expect(
      judgeDeflate([acceptDeflate(deflateOffers(share), share)!.answer], share),
    ).not.toBeInstanceOf(HandshakeError);
  });
});

describe("a server's answer, as a client judges it (RFC 7692 §5.1, §7.1)", () => {
  it.each<[answer: string, windowBits: number, reserved: number, options?: CompressionOptions]>([
    [deflate, 15, 32_768],
    [`${deflate}; server_max_window_bits=10`, 15, 1024],
    [`${deflate}; client_max_window_bits=8`, 8, 32_768],
    [`${deflate}; server_no_context_takeover`, 15, 0],
    [`${deflate}; client_no_context_takeover; server_no_context_takeover`, 15, 0],
    [`${deflate}; server_no_context_takeover`, 15, 0, neither],
    [deflate, 11, 32_768, { clientMaxWindowBits: 11 }],
    [`${deflate}; client_max_window_bits=11`, 11, 32_768, { clientMaxWindowBits: 11 }],
    [`${deflate}; server_max_window_bits=8`, 15, 256, { serverMaxWindowBits: 9 }],
    // The server decides about the window, room or not.
    [deflate, 15, 32_768, { memory: 0 }],
  ])("%s is taken", (value, windowBits, reserved, options) => {
    expect(judged(value, options)).toEqual({ windowBits, reserved });
  });

  it("may be none at all", () => {
    expect(judged("")).toBeUndefined();
    expect(judged("other; a")).toBeUndefined();
  });

  it.each<[answer: string, options?: CompressionOptions]>([
    [`${deflate}; unknown`],
    [`${deflate}; server_no_context_takeover=1`],
    [`${deflate}; server_no_context_takeover; server_no_context_takeover`],
    [`${deflate}; server_max_window_bits`],
    [`${deflate}; server_max_window_bits=7`],
    [`${deflate}; server_max_window_bits=16`],
    [`${deflate}; client_max_window_bits`],
    [`${deflate}; client_max_window_bits=08`],
    [`${deflate}, ${deflate}`],
    // What was asked for was not granted.
    [deflate, { serverNoContextTakeover: true }],
    [deflate, { serverMaxWindowBits: 9 }],
    [`${deflate}; server_max_window_bits=10`, { serverMaxWindowBits: 9 }],
    [`${deflate}; client_max_window_bits=12`, { clientMaxWindowBits: 11 }],
  ])("%s fails the handshake", (value, options) => {
    const error = judged(value, options);
    expect(error).toBeInstanceOf(HandshakeError);
    expect(error).toMatchObject({ code: "ERR_HANDSHAKE_EXTENSION", status: 101 });
  });
});
