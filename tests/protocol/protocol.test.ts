import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Role } from "../../src/protocol/opcode.ts";
import { Protocol } from "../../src/protocol/protocol.ts";
import { Calls, expectFailed, heard, hex, roles } from "./protocol-calls.ts";
import { close, continuation, octets, ping, text, unfinished } from "./protocol-octets.ts";

const peerOf = (role: Role): Role => (role === "server" ? "client" : "server");

function speaking(role: Role) {
  const sink = new Calls();
  return { sink, protocol: new Protocol({ role, sink }) };
}

const refusal = (code: string) => expect.objectContaining({ name: "UsageError", code });

describe("sending (RFC 6455 §6.1)", () => {
  it.each(roles)("what a %s sends is what its peer hears", (role) => {
    const { protocol } = speaking(role);
    const sent: [Buffer, string][] = [
      [protocol.text("Hello, €🙂\0"), "text Hello, €🙂\0"],
      [protocol.text(""), "text "],
      [protocol.bytes(Buffer.of(0, 127, 255)), "bytes 007fff"],
      [protocol.bytes(new Uint8Array(0)), "bytes "],
      [protocol.ping(Buffer.from("are you there?")), `ping ${hex(Buffer.from("are you there?"))}`],
      [protocol.pong(Buffer.alloc(125)), `pong ${"00".repeat(125)}`],
      [protocol.close(4001, "bye €"), "close 4001 bye €"],
    ];
    const wire = Buffer.concat(sent.map(([frame]) => frame));
    expect(heard(peerOf(role), wire)).toEqual(sent.map(([, call]) => call));
  });

  it.each(roles)("any message of a %s reaches its peer, of any length", (role) => {
    const lengths = fc.oneof(fc.nat(300), fc.nat(70_000));
    const string = fc.string({ unit: "binary", maxLength: 300 });
    fc.assert(
      fc.property(lengths, string, (length, message) => {
        const { protocol } = speaking(role);
        const payload = Buffer.alloc(length, `${message}.`);
        const wire = Buffer.concat([protocol.bytes(payload), protocol.text(message)]);
        const calls = new Calls();
        new Protocol({ role: peerOf(role), sink: calls }).receive(wire);
        expect(calls.lines).toEqual([`bytes ${hex(payload)}`, `text ${message}`]);
      }),
    );
  });

  it.each(roles)("a message of a %s is one frame, FIN set and reserved bits clear", (role) => {
    const { protocol } = speaking(role);
    expect(protocol.text("x".repeat(100_000))[0]).toBe(0x81);
    expect(protocol.bytes(Buffer.alloc(100_000))[0]).toBe(0x82);
    expect(protocol.ping(Buffer.of(1))[0]).toBe(0x89);
    expect(protocol.pong(Buffer.of(1))[0]).toBe(0x8a);
    expect(protocol.close(1000)[0]).toBe(0x88);
  });

  it.each(roles)("the bytes that a %s was given stay as they are", (role) => {
    const payload = Buffer.from("not to be masked in place".repeat(20));
    const { protocol } = speaking(role);
    protocol.bytes(payload);
    protocol.ping(payload.subarray(0, 100));
    expect(payload.toString()).toBe("not to be masked in place".repeat(20));
  });

  it.each(roles)("half a surrogate pair never leaves a %s as such (§8.1)", (role) => {
    const { protocol } = speaking(role);
    const wire = Buffer.concat([protocol.text("a\uD83D"), protocol.close(1000, "\uDE42")]);
    expect(heard(peerOf(role), wire)).toEqual(["text a\uFFFD", "close 1000 \uFFFD"]);
  });
});

describe("masking what is sent (RFC 6455 §5.1, §5.3)", () => {
  const frames = (protocol: Protocol) => [
    protocol.text("a"),
    protocol.text("a".repeat(126)),
    protocol.bytes(Buffer.alloc(65536)),
    protocol.ping(Buffer.alloc(0)),
    protocol.pong(Buffer.alloc(3)),
    protocol.close(),
  ];

  it("a client masks every frame", () => {
    for (const frame of frames(speaking("client").protocol)) expect(frame[1]! & 0x80).toBe(0x80);
  });

  it("a server masks none", () => {
    for (const frame of frames(speaking("server").protocol)) expect(frame[1]! & 0x80).toBe(0);
  });

  it("a client sends the same message under another key each time", () => {
    const { protocol } = speaking("client");
    const sent = Array.from({ length: 100 }, () => hex(protocol.text("the same")));
    expect(new Set(sent).size).toBe(100);
  });
});

describe("control frames that are sent (RFC 6455 §5.5)", () => {
  it.each(roles)("of a %s carry 125 octets at most", (role) => {
    const { protocol } = speaking(role);
    expect(() => protocol.ping(Buffer.alloc(126))).toThrow(refusal("ERR_CONTROL_PAYLOAD"));
    expect(() => protocol.pong(Buffer.alloc(126))).toThrow(
      "control frame of 126 bytes exceeds the limit of 125",
    );
    expect(protocol.ping(Buffer.alloc(125))).toBeInstanceOf(Buffer);
  });

  it.each(roles)("a pong of a %s has the ping's payload (§5.5.3)", (role) => {
    const { protocol, sink } = speaking(role);
    const answers: Buffer[] = [];
    sink.onPing = (payload) => answers.push(protocol.pong(payload));
    const payload = Buffer.from("Hello\0\xff", "latin1");
    const frames = [ping(payload), unfinished(text("a")), ping(), continuation("b")];
    protocol.receive(octets(role, ...frames));
    const wire = Buffer.concat(answers);
    expect(heard(peerOf(role), wire)).toEqual([`pong ${hex(payload)}`, "pong "]);
    expect(sink.lines).toEqual(["text ab"]);
  });
});

describe("the closing handshake (RFC 6455 §5.5.1, §7.1.2)", () => {
  it.each(roles)("a %s sends no data and no second close frame after its close frame", (role) => {
    const { protocol } = speaking(role);
    expect(protocol.closeSent).toBe(false);
    protocol.close(1000);
    expect(protocol.closeSent).toBe(true);
    for (const send of [
      () => protocol.text("more"),
      () => protocol.bytes(Buffer.of(1)),
      () => protocol.ping(Buffer.alloc(0)),
      () => protocol.close(),
      () => protocol.close(1000),
    ]) {
      expect(send).toThrow(refusal("ERR_CONNECTION_ENDED"));
    }
  });

  it.each(roles)(
    "a %s still hears, and owes pongs, until the peer's close frame (§5.5.2)",
    (role) => {
      const { protocol, sink } = speaking(role);
      const answers: Buffer[] = [];
      sink.onPing = (payload) => answers.push(protocol.pong(payload));
      protocol.close(1000);
      protocol.receive(octets(role, text("late"), ping("late"), close(1000), ping("too late")));
      expect(sink.lines).toEqual(["text late", "close 1000 "]);
      expect(heard(peerOf(role), Buffer.concat(answers))).toEqual(["pong 6c617465"]);
    },
  );

  it.each(roles)("a %s may answer a close frame within the call that tells of it", (role) => {
    const { protocol, sink } = speaking(role);
    const answers: Buffer[] = [];
    sink.onClose = (code) => answers.push(protocol.close(code));
    protocol.receive(octets(role, close(3456, "bye")));
    expect(heard(peerOf(role), Buffer.concat(answers))).toEqual(["close 3456 "]);
    expect(protocol.closeSent).toBe(true);
  });

  it.each(roles)("a %s that fails its peer tells it why (§7.1.7)", (role) => {
    const { protocol, sink } = speaking(role);
    const answers: Buffer[] = [];
    sink.onFail = (error) => answers.push(protocol.close(error.closeCode, error.message));
    protocol.receive(octets(role, { opcode: 3 }));
    expect(heard(peerOf(role), Buffer.concat(answers))).toEqual(["close 1002 reserved opcode 3"]);
  });

  it.each(roles)("a close frame of a %s has a code, a code and a reason, or nothing", (role) => {
    for (const [code, reason, told] of [
      [undefined, undefined, "close 1005 "],
      [undefined, "", "close 1005 "],
      [1000, undefined, "close 1000 "],
      [4999, "é".repeat(61), `close 4999 ${"é".repeat(61)}`],
    ] as const) {
      expect(heard(peerOf(role), speaking(role).protocol.close(code, reason))).toEqual([told]);
    }
  });

  it.each(roles)("a %s is told at the call what it may not close with, and stays open", (role) => {
    const { protocol } = speaking(role);
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, Number.NaN]) {
      expect(() => protocol.close(code)).toThrow(refusal("ERR_CLOSE_CODE"));
    }
    expect(() => protocol.close(undefined, "why")).toThrow(refusal("ERR_CLOSE_CODE"));
    expect(() => protocol.close(1000, "é".repeat(62))).toThrow(refusal("ERR_CLOSE_REASON"));
    expect(protocol.closeSent).toBe(false);
    expect(heard(peerOf(role), protocol.text("still open"))).toEqual(["text still open"]);
  });
});

describe("two ends that take themselves for the same one (RFC 6455 §5.1)", () => {
  it.each(roles)("fail each other at the first frame: two of role %s", (role) => {
    const { protocol } = speaking(role);
    for (const frame of [protocol.text("a"), protocol.ping(Buffer.of(1)), protocol.close(1000)]) {
      expectFailed(heard(role, frame), 1002, "ERR_FRAME_MASK");
    }
  });
});
