import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../src/errors.ts";
import type { Extension } from "../../src/protocol/extension.ts";
import type { Role } from "../../src/protocol/opcode.ts";
import { PartialBudget } from "../../src/protocol/partial-message.ts";
import { Protocol } from "../../src/protocol/protocol.ts";
import { Calls, expectFailed, heard, heardAt, hex, roles } from "./protocol-calls.ts";
import {
  binary,
  close,
  continuation,
  fragments,
  octets,
  ping,
  text,
  unfinished,
} from "./protocol-octets.ts";

const flip = (payload: Uint8Array) => Buffer.from(payload.map((octet) => octet ^ 0x55));

/** An extension that turns every second bit over and leaves messages below four bytes alone. */
const flipping: Extension = {
  rsv: 4,
  decode(payload, maxSize) {
    if (payload.length > maxSize) {
      return new ProtocolError("ERR_MESSAGE_TOO_BIG", 1009, "flipped into something too big");
    }
    if (payload.includes(0)) return new ProtocolError("ERR_FRAME_EXTENSION", 1007, "no flip");
    return flip(payload);
  },
  decodeOn: () => undefined,
  encode: (payload) => (payload.length < 4 ? undefined : flip(payload)),
  dispose() {},
};

const withFlipping = { extension: flipping };
const flipped = (payload: string | Uint8Array) => flip(Buffer.from(payload));
const marked = { rsv: 4 };
const peerOf = (role: Role): Role => (role === "server" ? "client" : "server");

describe("a message that an extension encoded (RFC 6455 §5.8, §9)", () => {
  it.each(roles)("is decoded by a %s, in one frame or many", (role) => {
    const frames = [
      text(flipped("Hello €"), marked),
      binary(flipped("data"), marked),
      ...[{ ...unfinished(text(flipped("Hel"))), ...marked }, continuation(flipped("lo"))],
      text("", marked),
    ];
    expect(heard(role, octets(role, ...frames), withFlipping)).toEqual([
      "text Hello €",
      "bytes 64617461",
      "text Hello",
      "text ",
    ]);
  });

  it.each(roles)("may stand beside messages that it did not: %s", (role) => {
    const frames = [
      text("plain"),
      text(flipped("turned"), marked),
      ...fragments(1, "pl", "ain"),
      { ...unfinished(binary(flipped("tur"))), ...marked },
      ping("between"),
      continuation(flipped("ned")),
      text("plain"),
    ];
    expect(heard(role, octets(role, ...frames), withFlipping)).toEqual([
      "text plain",
      "text turned",
      "text plain",
      `ping ${hex(Buffer.from("between"))}`,
      `bytes ${hex(Buffer.from("turned"))}`,
      "text plain",
    ]);
  });

  it.each(roles)("reaches the peer of a %s, and is marked only if it was encoded", (role) => {
    const protocol = new Protocol({ role, sink: new Calls(), ...withFlipping });
    const sent = [
      protocol.text("Hello €"),
      protocol.text("abc"),
      protocol.bytes(Buffer.from("data")),
      protocol.bytes(Buffer.of(1, 2, 3)),
      protocol.ping(Buffer.from("ping")),
      protocol.close(1000, "reason"),
    ];
    expect(sent.map(([first]) => first)).toEqual([0xc1, 0x81, 0xc2, 0x82, 0x89, 0x88]);
    expect(heard(peerOf(role), Buffer.concat(sent), withFlipping)).toEqual([
      "text Hello €",
      "text abc",
      "bytes 64617461",
      "bytes 010203",
      "ping 70696e67",
      "close 1000 reason",
    ]);
  });

  it("is masked after it was encoded (§5.3, §9)", () => {
    const protocol = new Protocol({ role: "client", sink: new Calls(), ...withFlipping });
    const frame = protocol.text("Hello");
    const key = frame.subarray(2, 6);
    const unmasked = frame.subarray(6).map((octet, i) => octet ^ key[i % 4]!);
    expect(hex(unmasked)).toBe(hex(flipped("Hello")));
  });

  it.each(roles)("is judged as text after it was decoded, not before: %s (§8.1)", (role) => {
    const wire = octets(role, text(flipped(Buffer.of(0x61, 0xc3, 0xa9)), marked));
    expect(heard(role, wire, withFlipping)).toEqual(["text aé"]);
    for (const wrong of ["ff", "c3", "eda080", "61c0af"]) {
      const payload = flipped(Buffer.from(wrong, "hex"));
      const frames = [text("good"), text(payload, marked), text("after")];
      const calls = heard(role, octets(role, ...frames), withFlipping);
      expect(calls).toHaveLength(2);
      expectFailed(calls, 1007, "ERR_TEXT_UTF8");
      const anyBytes = octets(role, binary(payload, marked));
      expect(heard(role, anyBytes, withFlipping)).toEqual([`bytes ${wrong}`]);
    }
  });

  it.each(roles)("that cannot be decoded fails a %s as the extension says", (role) => {
    for (const frames of [
      [binary(Buffer.of(1, 0, 2), marked)],
      [{ ...unfinished(text("a")), ...marked }, continuation(Buffer.of(0))],
    ]) {
      const wire = octets(role, ...frames);
      const at = wire.length - 1;
      const call = "fail 1007 ERR_FRAME_EXTENSION";
      expect(heardAt(role, wire, withFlipping)).toEqual([{ at, call }]);
      expectFailed(heard(role, wire, withFlipping), 1007, "ERR_FRAME_EXTENSION");
    }
  });

  it.each(roles)("gives its memory back before it is decoded: %s", (role) => {
    const budget = new PartialBudget(1000);
    const seen: number[] = [];
    const extension: Extension = {
      ...flipping,
      decode(payload, maxSize) {
        seen.push(payload.length, maxSize, budget.held);
        return payload;
      },
    };
    const frames = [{ ...unfinished(binary("abc")), ...marked }, continuation("def")];
    const options = { extension, budget, maxMessageSize: 77 };
    expect(heardAt(role, octets(role, ...frames), options)).toHaveLength(1);
    expect(seen).toEqual([6, 77, 0]);
  });

  it.each(roles)("may be decoded into a view of other memory: %s", (role) => {
    const memory = new Uint8Array(Buffer.from("__decoded__"));
    const extension: Extension = { ...flipping, decode: () => memory.subarray(2, 9) };
    const wire = octets(role, text("x", marked), binary("x", marked));
    const calls = ["text decoded", `bytes ${hex(Buffer.from("decoded"))}`];
    expect(heard(role, wire, { extension })).toEqual(calls);
  });
});

describe("a message that takes long to decode (RFC 6455 §5.8)", () => {
  /** Flips at the third call only, so that a reader has to come back. */
  function slow() {
    let payload: Uint8Array | undefined;
    let calls = 0;
    const go = () => {
      calls += 1;
      if (calls % 3 !== 0) return undefined;
      return payload!.includes(0)
        ? new ProtocolError("ERR_FRAME_EXTENSION", 1007, "no flip")
        : flip(payload!);
    };
    const extension: Extension = {
      ...flipping,
      decode(encoded) {
        payload = encoded;
        return go();
      },
      decodeOn: go,
    };
    return extension;
  }

  function reading(role: Role, ...frames: Parameters<typeof octets>[1][]) {
    const sink = new Calls();
    const budget = new PartialBudget(1000);
    const protocol = new Protocol({ role, sink, budget, extension: slow() });
    protocol.receive(octets(role, ...frames));
    return { sink, budget, protocol };
  }

  it.each(roles)("holds back what follows it, and counts as unfinished: %s", (role) => {
    const { sink, budget, protocol } = reading(
      role,
      text("plain"),
      text(flipped("long"), marked),
      ping(),
      text("after"),
    );
    expect(sink.lines).toEqual(["text plain", "decoding"]);
    expect([protocol.decoding, budget.held]).toEqual([true, 4]);
    protocol.receive(octets(role, text("later")));
    protocol.hold();
    protocol.release();
    expect(protocol.decodeOn()).toBe(false);
    expect(sink.lines).toEqual(["text plain", "decoding"]);
    expect(protocol.decodeOn()).toBe(true);
    expect(sink.lines).toEqual(["text plain", "decoding", "text long"]);
    expect([protocol.decoding, budget.held]).toEqual([false, 0]);
    protocol.release();
    expect(sink.lines.slice(3)).toEqual(["ping ", "text after", "text later"]);
    expect(protocol.decodeOn()).toBe(true);
    expect(sink.lines).toHaveLength(6);
  });

  it.each(roles)("still fails a %s when it cannot be decoded", (role) => {
    const { sink, budget, protocol } = reading(
      role,
      binary(Buffer.of(1, 0), marked),
      text("after"),
    );
    while (!protocol.decodeOn());
    protocol.release();
    expect(sink.lines).toEqual(["decoding", "fail 1007 ERR_FRAME_EXTENSION"]);
    expect(budget.held).toBe(0);
  });

  it.each(roles)("fails a %s if there is no room for it meanwhile", (role) => {
    const sink = new Calls();
    const budget = new PartialBudget(3);
    const protocol = new Protocol({ role, sink, budget, extension: slow() });
    protocol.receive(octets(role, text(flipped("abc"), marked)));
    while (!protocol.decodeOn());
    protocol.release();
    protocol.receive(octets(role, text(flipped("long"), marked), text("after")));
    expect(sink.lines).toEqual(["decoding", "text abc", "fail 1008 ERR_PARTIAL_BUDGET"]);
    expect(budget.held).toBe(0);
  });

  it.each(roles)("is given up when nobody wants messages any more: %s", (role) => {
    const { sink, budget, protocol } = reading(role, text(flipped("long"), marked), ping());
    protocol.ignoreMessages();
    expect(budget.held).toBe(0);
    protocol.release();
    protocol.receive(octets(role, text(flipped("more"), marked), ping("2")));
    expect(sink.lines).toEqual(["decoding", "ping ", `ping ${hex(Buffer.from("2"))}`]);
  });

  it.each(roles)("gives its memory back when it will not be told of: %s", (role) => {
    const { sink, budget, protocol } = reading(role, text(flipped("long"), marked), text("after"));
    protocol.dispose();
    expect(budget.held).toBe(0);
    expect(protocol.decodeOn()).toBe(true);
    expect(sink.lines).toEqual(["decoding"]);
  });
});

describe("the reserved bits of an extension (RFC 6455 §5.2, §5.8)", () => {
  it.each(roles)("belong to a message's first frame: a %s refuses them elsewhere", (role) => {
    for (const frames of [
      [unfinished(text("a")), continuation("b", marked)],
      [{ ...unfinished(text("a")), ...marked }, continuation("b", marked)],
      [ping("", marked)],
      [{ opcode: 10, ...marked }],
      [{ ...close(1000), ...marked }],
    ]) {
      expectFailed(heard(role, octets(role, ...frames), withFlipping), 1002, "ERR_FRAME_RSV");
    }
  });

  it.each(roles)("are those that were agreed on: a %s refuses the others", (role) => {
    for (const rsv of [1, 2, 3, 5, 6, 7]) {
      for (const frame of [text("a", { rsv }), unfinished(binary("a", { rsv }))]) {
        const calls = heardAt(role, octets(role, frame), withFlipping);
        expect(calls).toEqual([{ at: 0, call: "fail 1002 ERR_FRAME_RSV" }]);
      }
    }
  });

  it.each(roles)("may be any: RSV1, RSV2 or RSV3 for a %s", (role) => {
    for (const rsv of [1, 2, 4]) {
      const extension = { ...flipping, rsv };
      const wire = octets(role, text(flipped("Hello"), { rsv }));
      expect(heard(role, wire, { extension })).toEqual(["text Hello"]);
      const sent = new Protocol({ role, sink: new Calls(), extension }).text("Hello");
      expect(sent[0]! >> 4).toBe(8 + rsv);
    }
  });
});
