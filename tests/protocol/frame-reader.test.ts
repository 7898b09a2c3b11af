import { describe, expect, it } from "vitest";
import { FrameReader } from "../../src/protocol/frame-reader.ts";
import { Calls, expectFailed, heard, heardAt, hex, roles } from "./protocol-calls.ts";
import {
  binary,
  close,
  continuation,
  fragments,
  key,
  octets,
  ping,
  pong,
  text,
  unfinished,
} from "./protocol-octets.ts";

const known = [0, 1, 2, 8, 9, 10];
const reserved = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];
const large = { maxMessageSize: Number.MAX_SAFE_INTEGER };

describe("masking, by role (RFC 6455 §5.1)", () => {
  it.each(known)("a client that does not mask a frame of opcode %i is failed", (opcode) => {
    const begun = opcode === 0 ? [unfinished(text())] : [];
    const frame = { opcode, masked: false, payload: "" };
    expectFailed(heard("server", octets("server", ...begun, frame)), 1002, "ERR_FRAME_MASK");
  });

  it.each(known)("a server that masks a frame of opcode %i is failed", (opcode) => {
    const begun = opcode === 0 ? [unfinished(text())] : [];
    const frame = { opcode, masked: true, payload: "" };
    expectFailed(heard("client", octets("client", ...begun, frame)), 1002, "ERR_FRAME_MASK");
  });

  it.each(roles)("a %s knows it at the second octet", (role) => {
    const wrong = octets(role, text("Hello", { masked: role === "client" }));
    expect(heardAt(role, wrong)).toEqual([{ at: 1, call: "fail 1002 ERR_FRAME_MASK" }]);
  });

  it.each(roles)("a peer that masks its first frame only is failed by a %s", (role) => {
    const frames = [text("a", { masked: true }), text("b", { masked: false })];
    expectFailed(heard(role, octets(role, ...frames)), 1002, "ERR_FRAME_MASK");
  });
});

describe("reserved bits (RFC 6455 §5.2)", () => {
  it.each(roles)(
    "that nobody negotiated fail the connection of a %s at the first octet",
    (role) => {
      for (let rsv = 1; rsv < 8; rsv++) {
        for (const opcode of [...known, ...reserved]) {
          for (const fin of [true, false]) {
            const calls = heardAt(role, octets(role, { opcode, rsv, fin, payload: "Hello" }));
            expect(calls).toEqual([{ at: 0, call: "fail 1002 ERR_FRAME_RSV" }]);
          }
        }
      }
    },
  );

  it.each(roles)("are refused on a continuation, too, by a %s", (role) => {
    const frames = [unfinished(text("Hel")), continuation("lo", { rsv: 1 })];
    expectFailed(heard(role, octets(role, ...frames)), 1002, "ERR_FRAME_RSV");
  });
});

describe("reserved opcodes (RFC 6455 §5.2, §11.8)", () => {
  it.each(roles)("fail the connection of a %s at the first octet", (role) => {
    for (const opcode of reserved) {
      for (const payload of ["", "Hello"]) {
        for (const fin of [true, false]) {
          const calls = heardAt(role, octets(role, { opcode, fin, payload }));
          expect(calls).toEqual([{ at: 0, call: "fail 1002 ERR_FRAME_OPCODE" }]);
        }
      }
    }
  });

  it.each(roles)("are refused between fragments, too, by a %s", (role) => {
    for (const opcode of reserved) {
      const frames = [unfinished(text("Hel")), { opcode }, continuation("lo")];
      expectFailed(heard(role, octets(role, ...frames)), 1002, "ERR_FRAME_OPCODE");
    }
  });
});

describe("the payload length (RFC 6455 §5.2)", () => {
  it.each(roles)("may be anything in its shortest form: %s", (role) => {
    for (const length of [0, 1, 124, 125, 126, 127, 128, 255, 256, 258, 65535, 65536, 65537]) {
      const payload = Buffer.alloc(length, "The length is told in network byte order. ");
      expect(heard(role, octets(role, binary(payload)))).toEqual([`bytes ${hex(payload)}`]);
      expect(heard(role, octets(role, text(payload)))).toEqual([`text ${payload.toString()}`]);
    }
  });

  it.each(roles)("must not take 16 bits below 126, whatever a %s is sent", (role) => {
    for (let length = 0; length < 126; length++) {
      const frame = binary(Buffer.alloc(length), { lengthBits: 16 });
      expect(heardAt(role, octets(role, frame))).toEqual([
        { at: 3, call: "fail 1002 ERR_FRAME_LENGTH" },
      ]);
    }
  });

  it.each(roles)("must not take 64 bits below 65536, whatever a %s is sent", (role) => {
    for (const length of [0, 1, 125, 126, 127, 128, 255, 256, 32767, 32768, 65534, 65535]) {
      expect(heardAt(role, octets(role, binary("", { length, lengthBits: 64 })))).toEqual([
        { at: 9, call: "fail 1002 ERR_FRAME_LENGTH" },
      ]);
    }
  });

  it.each(roles)("must not have its highest bit set, whatever a %s is sent", (role) => {
    for (const rest of [0n, 1n, 125n, 65535n, 65536n, 2n ** 53n, 2n ** 63n - 1n]) {
      expect(heardAt(role, octets(role, binary("", { length: 2n ** 63n + rest })), large)).toEqual([
        { at: 9, call: "fail 1002 ERR_FRAME_LENGTH" },
      ]);
    }
  });

  it.each(roles)("has those rules for continuations, too: %s", (role) => {
    for (const wrong of [
      continuation("lo", { lengthBits: 16 }),
      continuation("lo", { lengthBits: 64 }),
      continuation("lo", { length: 2n ** 63n }),
    ]) {
      const calls = heard(role, octets(role, unfinished(text("Hel")), wrong));
      expectFailed(calls, 1002, "ERR_FRAME_LENGTH");
    }
  });
});

describe("unmasking (RFC 6455 §5.3)", () => {
  it("takes each frame's own key, octet by octet", () => {
    const frame = (mask: string, masked: string) => Buffer.from(`8182${mask}${masked}`, "hex");
    const frames = [
      frame("00000000", "4869"),
      frame("ffffffff", "b796"),
      frame("48690000", "0000"),
    ];
    expect(heard("server", Buffer.concat(frames))).toEqual(["text Hi", "text Hi", "text Hi"]);
  });

  it("begins each fragment with the key's first octet", () => {
    for (let cut = 0; cut <= 9; cut++) {
      const frames = fragments(1, "unmasking".slice(0, cut), "unmasking".slice(cut));
      expect(heard("server", octets("server", ...frames))).toEqual(["text unmasking"]);
    }
  });

  it("leaves octets of other frames in the same chunk alone", () => {
    const frames = [binary("\0\0\0"), binary(key), binary("\0\0\0\0\0")];
    expect(heard("server", octets("server", ...frames))).toEqual([
      "bytes 000000",
      `bytes ${hex(key)}`,
      "bytes 0000000000",
    ]);
  });
});

describe("fragmentation (RFC 6455 §5.4)", () => {
  it.each(roles)("a message may come in any number of frames of any size: %s", (role) => {
    for (const parts of [
      ["Hello"],
      ["Hel", "lo"],
      ["H", "e", "l", "l", "o"],
      ["", "Hello"],
      ["Hello", ""],
      ["", "", "Hel", "", "lo", "", ""],
    ]) {
      expect(heard(role, octets(role, ...fragments(1, ...parts)))).toEqual(["text Hello"]);
      expect(heard(role, octets(role, ...fragments(2, ...parts)))).toEqual(["bytes 48656c6c6f"]);
    }
  });

  it.each(roles)("a message may be empty, in any number of frames: %s", (role) => {
    for (const parts of [[""], ["", ""], ["", "", ""]]) {
      expect(heard(role, octets(role, ...fragments(1, ...parts)))).toEqual(["text "]);
      expect(heard(role, octets(role, ...fragments(2, ...parts)))).toEqual(["bytes "]);
    }
  });

  it.each(roles)("messages follow each other, fragmented or not: %s", (role) => {
    const frames = [
      ...fragments(1, "a", "b"),
      binary("c"),
      text(),
      ...fragments(2, "", "d"),
      text("e"),
      ...fragments(1, "f", "", "g"),
    ];
    expect(heard(role, octets(role, ...frames))).toEqual([
      "text ab",
      "bytes 63",
      "text ",
      "bytes 64",
      "text e",
      "text fg",
    ]);
  });

  it.each(roles)("a %s is told of control frames between fragments at once", (role) => {
    const frames = [
      unfinished(text("Hel")),
      ping("1"),
      pong("2"),
      unfinished(continuation()),
      ping(),
      continuation("lo"),
      pong(),
    ];
    const calls = ["ping 31", "pong 32", "ping ", "text Hello", "pong "];
    expect(heard(role, octets(role, ...frames))).toEqual(calls);
    const ends = frames.map((_, i) => octets(role, ...frames.slice(0, i + 1)).length - 1);
    expect(heardAt(role, octets(role, ...frames)).map(({ at }) => at)).toEqual(
      [1, 2, 4, 5, 6].map((i) => ends[i]),
    );
  });

  it.each(roles)("a %s hears a close frame inside a message, but never that message", (role) => {
    const frames = [unfinished(text("Hel")), close(1001), continuation("lo")];
    expect(heard(role, octets(role, ...frames))).toEqual(["close 1001 "]);
  });

  it.each(roles)("a continuation without a message is refused by a %s", (role) => {
    for (const fin of [true, false]) {
      for (const before of [[], [text("a")], [ping()], fragments(1, "a", "b"), [binary()]]) {
        const wire = octets(role, ...before, continuation("x", { fin }));
        const at = wire.length - octets(role, continuation("x")).length;
        expect(heardAt(role, wire).at(-1)).toEqual({
          at,
          call: "fail 1002 ERR_FRAME_CONTINUATION",
        });
        expectFailed(heard(role, wire), 1002, "ERR_FRAME_CONTINUATION");
      }
    }
  });

  it.each(roles)("a new message inside another is refused by a %s", (role) => {
    for (const begun of [[text()], [binary("a")], [text("a"), continuation("b")]]) {
      for (const next of [text("x"), binary(), unfinished(text()), unfinished(binary("x"))]) {
        for (const between of [[], [ping()]]) {
          const frames = [...begun.map(unfinished), ...between, next];
          const calls = heard(role, octets(role, ...frames));
          expectFailed(calls, 1002, "ERR_FRAME_CONTINUATION");
        }
      }
    }
  });
});

describe("the examples (RFC 6455 §5.7)", () => {
  it.each([
    ["a single-frame unmasked text message", "client", "810548656c6c6f", "text Hello"],
    ["a single-frame masked text message", "server", "818537fa213d7f9f4d5158", "text Hello"],
    ["a fragmented unmasked text message", "client", "010348656c80026c6f", "text Hello"],
    ["an unmasked ping", "client", "890548656c6c6f", "ping 48656c6c6f"],
    ["a masked pong", "server", "8a8537fa213d7f9f4d5158", "pong 48656c6c6f"],
  ] as const)("are understood: %s", (_, role, wire, call) => {
    expect(heard(role, Buffer.from(wire, "hex"))).toEqual([call]);
  });

  it("are understood: 256 bytes and 64 KiB in a single unmasked frame", () => {
    for (const [start, size] of [
      ["827e0100", 256],
      ["827f0000000000010000", 65536],
    ] as const) {
      const payload = Buffer.alloc(size, 7);
      const wire = Buffer.concat([Buffer.from(start, "hex"), payload]);
      expect(heard("client", wire)).toEqual([`bytes ${hex(payload)}`]);
    }
  });
});

describe("receiving data (RFC 6455 §6.2)", () => {
  it.each(roles)("a %s is told of a message with its last octet, not before", (role) => {
    for (const frames of [
      [text("Hello")],
      [binary("Hello")],
      [text()],
      fragments(2, "Hel", "lo"),
    ]) {
      const wire = octets(role, ...frames);
      expect(heardAt(role, wire).map(({ at }) => at)).toEqual([wire.length - 1]);
    }
  });

  it("takes a Uint8Array that is a view as well as a Buffer", () => {
    const wire = octets("server", text("Hello"));
    const memory = new Uint8Array(wire.length + 6).fill(0xff);
    memory.set(wire, 3);
    const sink = new Calls();
    new FrameReader({ role: "server", sink }).receive(memory.subarray(3, wire.length + 3));
    expect(sink.lines).toEqual(["text Hello"]);
    expect(hex(memory.subarray(0, 3)) + hex(memory.subarray(wire.length + 3))).toBe("ffffffffffff");
  });

  it("takes an empty chunk for nothing", () => {
    const sink = new Calls();
    const reader = new FrameReader({ role: "client", sink });
    for (const octet of octets("client", text("Hello"))) {
      reader.receive(Buffer.alloc(0));
      reader.receive(Buffer.of(octet));
    }
    expect(sink.lines).toEqual(["text Hello"]);
  });

  it.each(roles)("a %s knows whether something has begun that has not ended", (role) => {
    const frames = [...fragments(1, "a", "b"), ping("c"), text()];
    const wire = octets(role, ...frames);
    const reader = new FrameReader({ role, sink: new Calls() });
    const ends = [0, 2, 3, 4].map((i) => octets(role, ...frames.slice(0, i)).length);
    for (let i = 0; i <= wire.length; i++) {
      expect(reader.partial).toBe(!ends.includes(i));
      reader.receive(wire.subarray(i, i + 1));
    }
  });
});

describe("a connection that failed (RFC 6455 §7.1.7)", () => {
  it.each(roles)("hears nothing more, in the same chunk or later: %s", (role) => {
    for (const wrong of [
      text("x", { rsv: 2 }),
      ping("x", { fin: false }),
      text("x", { lengthBits: 16 }),
      text(Buffer.of(0xff)),
      unfinished(text(Buffer.of(0xff))),
      { opcode: 8, payload: "x" },
    ]) {
      const frames = [text("before"), wrong, text("after"), close(1000), wrong];
      const calls = heard(role, octets(role, ...frames));
      expect(calls).toHaveLength(2);
      expect(calls[1]).toMatch(/^fail/);
    }
  });

  it.each(roles)("stays silent for a %s that was disposed of, also from within a call", (role) => {
    const sink = new Calls();
    const reader = new FrameReader({ role, sink });
    sink.onPing = () => reader.dispose();
    reader.receive(octets(role, text("a"), ping(), text("b")));
    reader.receive(octets(role, text("c")));
    expect(sink.lines).toEqual(["text a"]);
  });
});
