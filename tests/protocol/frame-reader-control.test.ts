import { describe, expect, it } from "vitest";
import { expectFailed, heard, heardAt, heardIn, hex, roles } from "./protocol-calls.ts";
import {
  binary,
  close,
  continuation,
  fragments,
  octets,
  type PeerFrame,
  ping,
  pong,
  text,
  unfinished,
} from "./protocol-octets.ts";

const controls = [8, 9, 10];

describe("control frames (RFC 6455 §5.5)", () => {
  it.each(roles)("of more than 125 octets fail a %s at the second octet", (role) => {
    for (const opcode of controls) {
      for (const length of [126, 127, 65535, 65536, 2n ** 63n]) {
        expect(heardAt(role, octets(role, { opcode, length }))).toEqual([
          { at: 1, call: "fail 1002 ERR_FRAME_CONTROL" },
        ]);
      }
    }
  });

  it.each(roles)("must have the shortest length, too: a %s refuses the longer forms", (role) => {
    for (const opcode of controls) {
      for (const lengthBits of [16, 64] as const) {
        const calls = heard(role, octets(role, { opcode, payload: "Hello", lengthBits }));
        expectFailed(calls, 1002, "ERR_FRAME_CONTROL");
      }
    }
  });

  it.each(roles)("that are fragmented fail a %s at the first octet", (role) => {
    for (const opcode of controls) {
      for (const payload of ["", "Hello"]) {
        expect(heardAt(role, octets(role, { opcode, payload, fin: false }))).toEqual([
          { at: 0, call: "fail 1002 ERR_FRAME_CONTROL" },
        ]);
      }
    }
  });

  it.each(roles)("are not continued: a %s refuses a continuation after a ping", (role) => {
    const calls = heard(role, octets(role, ping("a"), continuation("b")));
    expect(calls[0]).toBe("ping 61");
    expectFailed(calls, 1002, "ERR_FRAME_CONTINUATION");
  });
});

describe("ping and pong (RFC 6455 §5.5.2, §5.5.3)", () => {
  it.each(roles)("carry up to 125 octets of anything to a %s", (role) => {
    for (const length of [0, 1, 2, 3, 4, 5, 124, 125]) {
      const payload = Buffer.from(Array.from({ length }, (_, i) => 255 - i));
      expect(heard(role, octets(role, ping(payload)))).toEqual([`ping ${hex(payload)}`]);
      expect(heard(role, octets(role, pong(payload)))).toEqual([`pong ${hex(payload)}`]);
    }
  });

  it.each(roles)("are told one by one to a %s, however many come at once", (role) => {
    const frames = Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? pong : ping)(`${i}`));
    expect(heard(role, octets(role, ...frames))).toHaveLength(20);
  });

  it.each(roles)("may cut a character of a fragmented text in two: %s", (role) => {
    const frames = [
      unfinished(text(Buffer.of(0xe2, 0x82))),
      ping(Buffer.of(0xff, 0xfe)),
      continuation(Buffer.of(0xac)),
    ];
    expect(heard(role, octets(role, ...frames))).toEqual(["ping fffe", "text €"]);
  });

  it.each(roles)("keep their octets when later frames come in the same memory: %s", (role) => {
    const wire = octets(role, ping("first"), ping("second"), text("Hello"));
    const calls = ["ping 6669727374", "ping 7365636f6e64", "text Hello"];
    expect(heard(role, wire)).toEqual(calls);
    const thirds = [wire.subarray(0, 9), wire.subarray(9, 20), wire.subarray(20)];
    expect(heardIn(role, thirds).map(({ call }) => call)).toEqual(calls);
  });
});

describe("the close frame (RFC 6455 §5.5.1)", () => {
  const told = (role: (typeof roles)[number], frame: PeerFrame) => heard(role, octets(role, frame));

  it.each(roles)("without a body tells a %s 1005 and no reason (§7.1.5, §7.1.6)", (role) => {
    expect(told(role, close())).toEqual(["close 1005 "]);
  });

  it.each(roles)("with a body of one octet fails a %s", (role) => {
    for (let octet = 0; octet < 256; octet++) {
      const wire = octets(role, { opcode: 8, payload: Buffer.of(octet) });
      expect(heardAt(role, wire)).toEqual([
        { at: wire.length - 1, call: "fail 1002 ERR_CLOSE_FRAME" },
      ]);
    }
  });

  it.each(roles)("tells a %s the code, in network byte order, and the reason", (role) => {
    expect(told(role, { opcode: 8, payload: Buffer.from("03e8", "hex") })).toEqual(["close 1000 "]);
    expect(told(role, close(1001, "going away"))).toEqual(["close 1001 going away"]);
    expect(told(role, close(4999, "€🙂\0"))).toEqual(["close 4999 €🙂\0"]);
    expect(told(role, close(1000, "\uFEFFmarked"))).toEqual(["close 1000 \uFEFFmarked"]);
  });

  it.each(roles)("tells a %s a reason of 123 octets, and no more fit", (role) => {
    const reason = "é".repeat(61) + "!";
    expect(told(role, close(1000, reason))).toEqual([`close 1000 ${reason}`]);
    expectFailed(told(role, close(1000, `${reason}!`)), 1002, "ERR_FRAME_CONTROL");
  });

  it.each(roles)("with a reason that is not UTF-8 fails a %s (§8.1)", (role) => {
    for (const reason of ["ff", "80", "c080", "eda080", "f4908080", "e282", "61f09f9982f0", "fe"]) {
      const wire = octets(role, close(1000, Buffer.from(reason, "hex")));
      const calls = heard(role, wire);
      expect(calls).toHaveLength(1);
      expectFailed(calls, 1007, "ERR_TEXT_UTF8");
    }
  });

  it.each(roles)("is the last thing that a %s hears", (role) => {
    const after = [text("x"), ping(), close(1000), text("x", { rsv: 7 })];
    for (const last of [close(), close(1000, "bye")]) {
      for (const next of after) {
        const calls = heard(role, octets(role, text("a"), last, next));
        expect(calls).toHaveLength(2);
        expect(calls[1]).toMatch(/^close/);
      }
    }
  });

  it.each(roles)("ends a fragmented message that a %s will never have", (role) => {
    const begun = fragments(2, "a", "b", "c").slice(0, 2);
    const wire = octets(role, ...begun, close(1000), continuation("c"), binary("d"));
    expect(heard(role, wire)).toEqual(["close 1000 "]);
  });
});

describe("close codes on the wire (RFC 6455 §7.4.1, §7.4.2 and the registry of §11.7)", () => {
  /** What a peer may write, as the tables have it. */
  const assigned = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
  const mayBeSent = (code: number) => assigned.includes(code) || (code >= 3000 && code < 5000);

  it.each(roles)(
    "all 65 536 of them: a %s takes the assigned and the free alone",
    (role) => {
      const wrong: number[] = [];
      for (let code = 0; code < 65536; code++) {
        const wire = octets(role, close(code));
        const expected = mayBeSent(code) ? `close ${code} ` : "fail 1002 ERR_CLOSE_FRAME";
        const whole = heardIn(role, [wire]);
        const single = heardAt(role, wire);
        if (whole.length !== 1 || whole[0]?.call !== expected) wrong.push(code);
        if (single.length !== 1 || single[0]?.call !== expected) wrong.push(code);
      }
      expect(wrong).toEqual([]);
    },
    30_000,
  );

  it.each(roles)("a wrong code fails a %s with 1002 even if the reason is not UTF-8", (role) => {
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535]) {
      const calls = heard(role, octets(role, close(code, Buffer.of(0xff))));
      expectFailed(calls, 1002, "ERR_CLOSE_FRAME");
    }
  });
});
