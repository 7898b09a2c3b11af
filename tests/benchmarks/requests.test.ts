import { acceptKey } from "sluice/protocol";
import { describe, expect, it } from "vitest";
import { clientFrame } from "../../benchmarks/generator/frame.ts";
import {
  contextOf,
  negotiatedExtension,
  openingRequest,
} from "../../benchmarks/generator/handshake.ts";
import { messages } from "../../benchmarks/generator/messages.ts";
import { Requests } from "../../benchmarks/generator/requests.ts";

describe("messages", () => {
  it.each([
    ["binary", 32],
    ["text", 128],
    ["json", 256],
    ["json", 1_024],
  ] as const)("of %s have %d bytes, and differ", (content, size) => {
    const made = messages(content, size, 64);
    expect(made.every(({ length }) => length === size)).toBe(true);
    expect(new Set(made.map((message) => message.toString("latin1"))).size).toBe(64);
    expect(messages(content, size, 64)).toEqual(made);
    if (content === "json") for (const message of made) JSON.parse(message.toString());
  });
});

describe("requests", () => {
  const ring = ["a", "b", "c"].map((text) => Buffer.from(text));
  const later = ["x", "y", "z"].map((text) => Buffer.from(text));
  const requests = new Requests(ring, later, 3);

  it("go round and round, and the first round may have other bytes", () => {
    const taken = [0, 1, 2, 3, 4, 5, 6].map((index) => requests.take(index, 1).toString());
    expect(taken.join("")).toBe("abcxyzx");
  });

  it("are taken several at a time, over the end of a round", () => {
    expect(requests.take(1, 3).toString()).toBe("bcx");
    expect(requests.take(5, 3).toString()).toBe("zxy");
  });

  it("are refused when more are wanted at a time than there are", () => {
    expect(() => new Requests(ring, later, 4)).toThrow(RangeError);
  });
});

describe("a client's frame (RFC 6455 §5.2)", () => {
  it.each([5, 125, 126, 65_535, 65_536])("of %d bytes is masked", (size) => {
    const payload = Buffer.alloc(size, "sluice");
    const frame = clientFrame(payload, 0xa1b2c3d4, { text: false, compressed: false });
    const head = size < 126 ? 2 : size < 65_536 ? 4 : 10;
    expect(frame.length).toBe(head + 4 + size);
    expect([frame[0], (frame[1] as number) & 0x80]).toEqual([0x82, 0x80]);
    const key = frame.subarray(head, head + 4);
    const bytes = frame.subarray(head + 4).map((byte, index) => byte ^ (key[index & 3] as number));
    expect(Buffer.from(bytes).equals(payload)).toBe(true);
  });
});

describe("a server's answer", () => {
  const key = /Sec-WebSocket-Key: (\S+)/.exec(openingRequest("/", "off", {}))?.[1];
  const accept = acceptKey(key ?? "");
  const answer = (...lines: string[]) =>
    ["HTTP/1.1 101 Switching Protocols", ...lines].join("\r\n");

  it("is taken when it knows the key (RFC 6455 §4.1), and says which extension it has", () => {
    const right = `sec-websocket-accept: ${accept}`;
    expect(negotiatedExtension(answer(right))).toBe("");
    const extension = "Sec-WebSocket-Extensions: permessage-deflate";
    expect(negotiatedExtension(answer(right, extension))).toBe("permessage-deflate");
  });

  it("is refused when it is no 101, or does not know the key", () => {
    expect(() => negotiatedExtension("HTTP/1.1 403 Forbidden")).toThrow("403");
    expect(() => negotiatedExtension(answer("Sec-WebSocket-Accept: x"))).toThrow("Accept");
  });

  it("says what each side does with its context (RFC 7692 §7.1)", () => {
    const extension = "permessage-deflate; server_no_context_takeover; client_max_window_bits=13";
    expect(contextOf("client", extension)).toEqual({ kept: true, bits: 13 });
    expect(contextOf("server", extension)).toEqual({ kept: false, bits: 15 });
  });
});
