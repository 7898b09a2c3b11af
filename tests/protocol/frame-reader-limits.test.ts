import { describe, expect, it } from "vitest";
import type { ProtocolError } from "../../src/errors.ts";
import { FrameReader } from "../../src/protocol/frame-reader.ts";
import type { Role } from "../../src/protocol/opcode.ts";
import { PartialBudget } from "../../src/protocol/partial-message.ts";
import { Calls, expectFailed, heard, heardAt, heardIn, roles } from "./protocol-calls.ts";
import {
  binary,
  close,
  continuation,
  fragments,
  octets,
  type PeerFrame,
  ping,
  text,
  unfinished,
} from "./protocol-octets.ts";

const mebibyte = 2 ** 20;

/** A reader with a budget to look at. */
function reading(role: Role, options: { limit?: number; maxMessageSize?: number } = {}) {
  const budget = new PartialBudget(options.limit ?? 64 * mebibyte);
  return { budget, ...another(role, budget, options.maxMessageSize) };
}

/** One more reader on the same budget. */
function another(role: Role, budget: PartialBudget, maxMessageSize = mebibyte) {
  const sink = new Calls();
  const reader = new FrameReader({ role, sink, budget, maxMessageSize });
  const receive = (...frames: PeerFrame[]) => reader.receive(octets(role, ...frames));
  return { sink, reader, receive };
}

/** The bytes that this process holds after a collection, in buffers and on the heap. */
function held(): number {
  gc?.();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

describe("the size of a message (RFC 6455 §10.4)", () => {
  it.each(roles)("may be just the limit: a %s refuses one octet more with 1009", (role) => {
    for (const maxMessageSize of [0, 1, 10, 125, 126, 1000]) {
      const good = "x".repeat(maxMessageSize);
      expect(heard(role, octets(role, text(good)), { maxMessageSize })).toEqual([`text ${good}`]);
      const calls = heard(role, octets(role, text(`${good}x`)), { maxMessageSize });
      expect(calls).toHaveLength(1);
      expectFailed(calls, 1009, "ERR_MESSAGE_TOO_BIG");
    }
  });

  it.each(roles)("counts in all fragments together: %s", (role) => {
    const good = fragments(2, "1234", "", "567890");
    expect(heard(role, octets(role, ...good), { maxMessageSize: 10 })).toHaveLength(1);
    for (const wrong of [fragments(2, "1234", "5678901"), fragments(2, "", "1234567890", "1")]) {
      const calls = heard(role, octets(role, ...wrong), { maxMessageSize: 10 });
      expect(calls).toHaveLength(1);
      expectFailed(calls, 1009, "ERR_MESSAGE_TOO_BIG");
    }
  });

  it.each(roles)("counts anew for each message, and not for control frames: %s", (role) => {
    const frames = [...fragments(1, "12", "34"), unfinished(text("1")), ping("12345"), close(1000)];
    expect(heard(role, octets(role, ...frames), { maxMessageSize: 4 })).toEqual([
      "text 1234",
      "ping 3132333435",
      "close 1000 ",
    ]);
  });

  it.each(roles)("is judged by the header: a %s does not wait for the octets", (role) => {
    const told = "fail 1009 ERR_MESSAGE_TOO_BIG";
    const at = (length: number | bigint) =>
      heardAt(role, octets(role, unfinished(text("ab")), continuation("", { length })), {
        maxMessageSize: 100,
      });
    const start = octets(role, text("ab")).length;
    expect(at(99)).toEqual([{ at: start + 1, call: told }]);
    expect(at(126)).toEqual([{ at: start + 3, call: told }]);
    expect(at(65536)).toEqual([{ at: start + 9, call: told }]);
  });

  it.each(roles)("is a mebibyte if a %s is not told otherwise", (role) => {
    const most = heardIn(role, [octets(role, binary(Buffer.alloc(mebibyte)))]);
    expect(most.map(({ call }) => call.slice(0, 5))).toEqual(["bytes"]);
    const calls = heardAt(role, octets(role, binary("", { length: mebibyte + 1 })));
    expect(calls).toEqual([{ at: 9, call: "fail 1009 ERR_MESSAGE_TOO_BIG" }]);
  });

  it.each(roles)("allocates nothing for a %s when it is absurd", (role) => {
    const before = held();
    for (const [length, closeCode, code] of [
      [2n ** 32n, 1009, "ERR_MESSAGE_TOO_BIG"],
      [2n ** 53n, 1009, "ERR_MESSAGE_TOO_BIG"],
      [2n ** 63n - 1n, 1009, "ERR_MESSAGE_TOO_BIG"],
      [2n ** 63n, 1002, "ERR_FRAME_LENGTH"],
      [2n ** 64n - 1n, 1002, "ERR_FRAME_LENGTH"],
    ] as const) {
      const { receive, budget, sink } = reading(role);
      receive(binary("", { length }));
      expectFailed(sink.lines, closeCode, code);
      expect(budget.held).toBe(0);
    }
    expect(held() - before).toBeLessThan(mebibyte);
  });
});

describe("the number of fragments (RFC 6455 §5.4, §10.4)", () => {
  const most = 2 ** 20;

  /** Sends `count` unfinished continuations, 4095 in a chunk. */
  function continueWith(payload: string, count: number, reader: FrameReader): void {
    const one = octets(reader.role, unfinished(continuation(payload)));
    const many = Buffer.alloc(4095 * one.length, one);
    for (let left = count; left > 0; left -= 4095) {
      reader.receive(Buffer.from(many.subarray(0, left * one.length)));
    }
  }

  it.each(roles)("may be 2^20, empty or not: a %s refuses one more with 1008", (role) => {
    for (const payload of ["", "x"]) {
      const { reader, receive, sink, budget } = reading(role, { maxMessageSize: 2 * mebibyte });
      receive(unfinished(binary(payload)));
      continueWith(payload, most - 1, reader);
      expect(sink.lines).toEqual([]);
      expect(budget.held).toBe(payload.length * most);
      receive(continuation(payload));
      expectFailed(sink.lines, 1008, "ERR_FRAGMENT_FLOOD");
      expect(budget.held).toBe(0);
    }
  });

  it.each(roles)("counts anew for each message: %s", (role) => {
    const { reader, receive, sink } = reading(role);
    for (let i = 0; i < 3; i++) {
      receive(unfinished(binary()));
      continueWith("", most / 2, reader);
      receive(continuation());
    }
    expect(sink.lines).toEqual(["bytes ", "bytes ", "bytes "]);
  });
});

describe("frames that nothing comes of (RFC 6455 §10.4)", () => {
  it.each(roles)("are counted for whoever knows the time: %s", (role) => {
    const reader = new FrameReader({ role, sink: new Calls() });
    const receive = (...frames: Parameters<typeof octets>[1][]) =>
      reader.receive(octets(role, ...frames));
    receive(ping("a"), ping("b"), unfinished(text("")), unfinished(continuation("")));
    expect(reader.takeBareFrames()).toBe(4);
    expect(reader.takeBareFrames()).toBe(0);
    receive(unfinished(continuation("x")), continuation(""), text(""), binary("x"));
    expect(reader.takeBareFrames()).toBe(0);
  });
});

describe("the memory of a message that has not ended (RFC 6455 §10.4)", () => {
  it.each(roles)("131 000 fragments of one byte hold 128 KiB in a %s", (role) => {
    const before = held();
    const { receive, budget, sink, reader } = reading(role);
    receive(unfinished(binary("x")));
    for (let i = 1; i < 131_000; i++) receive(unfinished(continuation("x")));
    expect(budget.held).toBe(128 * 1024);
    // An object for each of them would take ten times as much.
    expect(held() - before).toBeLessThan(mebibyte);
    expect(reader.partial).toBe(true);
    receive(continuation("x"));
    expect(sink.lines).toEqual([`bytes ${"78".repeat(131_001)}`]);
    expect(budget.held).toBe(0);
  });

  it.each(roles)("fragments without a byte hold nothing in a %s", (role) => {
    const { receive, budget } = reading(role);
    receive(unfinished(text()));
    for (let i = 0; i < 1000; i++) receive(unfinished(continuation()), ping());
    expect(budget.held).toBe(0);
  });

  it.each(roles)("a megabyte that is only told costs a %s what came of it", (role) => {
    for (const size of [0, 1, 100, 128, 129, 1024, 5000]) {
      for (const piece of [1, 7, 100, size]) {
        const { reader, budget } = reading(role);
        const told = octets(role, binary("", { length: 10 ** 6 }));
        reader.receive(told);
        for (let sent = 0; sent < size; sent += piece) {
          reader.receive(Buffer.alloc(Math.min(piece, size - sent)));
        }
        expect(budget.held).toBeGreaterThanOrEqual(size);
        expect(budget.held).toBeLessThanOrEqual(size === 0 ? 0 : Math.max(128, 2 * size));
      }
    }
  });

  it.each(roles)("a message whose end is known takes no more than it needs: %s", (role) => {
    const { reader, budget } = reading(role);
    const wire = octets(role, binary(Buffer.alloc(1000)));
    reader.receive(wire.subarray(0, 700));
    reader.receive(wire.subarray(700, -1));
    expect(budget.held).toBe(1000);
  });

  it.each(roles)("a fragment that is not the last leaves room for the next: %s", (role) => {
    const { reader, budget } = reading(role);
    const wire = octets(role, unfinished(binary(Buffer.alloc(500))));
    reader.receive(wire.subarray(0, -150));
    reader.receive(wire.subarray(-150, -149));
    expect(budget.held).toBe(2 * 350);
  });

  it.each(roles)("a control frame that comes in pieces counts, too: %s", (role) => {
    const { reader, budget, sink } = reading(role);
    const wire = octets(role, ping(Buffer.alloc(125)));
    reader.receive(wire.subarray(0, -1));
    expect(budget.held).toBe(125);
    reader.receive(wire.subarray(-1));
    expect(sink.lines).toEqual([`ping ${"00".repeat(125)}`]);
    expect(budget.held).toBe(0);
  });
});

describe("the budget that connections share (RFC 6455 §10.4)", () => {
  const piece = (size: number) => unfinished(binary(Buffer.alloc(size)));

  it.each(roles)("refuses with 1008 the one that exceeds it; the others go on: %s", (role) => {
    const first = reading(role, { limit: 1000 });
    const second = another(role, first.budget);
    const third = another(role, first.budget);
    first.receive(piece(600));
    second.receive(piece(400));
    expect(first.budget.held).toBe(1000);
    third.receive(text("whole messages need none"), piece(1));
    expect(third.sink.lines[0]).toBe("text whole messages need none");
    expectFailed(third.sink.lines, 1008, "ERR_PARTIAL_BUDGET");
    expect(first.budget.held).toBe(1000);

    first.receive(continuation());
    expect(first.budget.held).toBe(400);
    second.receive(continuation(Buffer.alloc(600)));
    expect(second.sink.lines).toEqual([`bytes ${"00".repeat(1000)}`]);
    expect(first.budget.held).toBe(0);
  });

  it.each(roles)("refuses a control frame in pieces, too: %s", (role) => {
    const { receive, reader, sink, budget } = reading(role, { limit: 200 });
    receive(piece(150));
    reader.receive(octets(role, ping(Buffer.alloc(100))).subarray(0, 60));
    expectFailed(sink.lines, 1008, "ERR_PARTIAL_BUDGET");
    expect(budget.held).toBe(0);
  });

  it.each(roles)("has everything back however a message ends: %s", (role) => {
    for (const end of [
      continuation("end"),
      close(1000),
      close(999),
      { opcode: 8, payload: "x" },
      text("another"),
      ping("", { fin: false }),
      continuation("", { rsv: 1 }),
      continuation("", { masked: role === "client" }),
      continuation("", { length: 5, lengthBits: 64 }),
      continuation("", { length: mebibyte }),
      continuation(Buffer.alloc(1000)),
      { opcode: 3 },
    ]) {
      const { receive, budget, sink } = reading(role, { limit: 1000 });
      receive(piece(300), ping());
      expect(budget.held).toBe(300);
      receive(end);
      expect(sink.lines).toHaveLength(2);
      expect(budget.held).toBe(0);
    }
  });

  it.each(roles)("has everything back when a text turns out not to be one: %s", (role) => {
    for (const wrong of [continuation(Buffer.of(0xff)), continuation(Buffer.of(0xc3))]) {
      const { receive, budget, sink } = reading(role);
      receive(unfinished(text("text")), wrong);
      expectFailed(sink.lines, 1007, "ERR_TEXT_UTF8");
      expect(budget.held).toBe(0);
    }
  });

  it.each(roles)("has everything back from a %s that is disposed of, and only once", (role) => {
    const { receive, reader, budget } = reading(role);
    const other = another(role, budget);
    other.receive(piece(500));
    receive(piece(300));
    reader.receive(octets(role, ping("in the middle")).subarray(0, -1));
    expect(budget.held).toBeGreaterThan(800);
    reader.dispose();
    reader.dispose();
    expect(budget.held).toBe(500);
    receive(piece(300));
    expect(budget.held).toBe(500);
  });

  it.each(roles)("is one of 64 MiB for a %s that shares none", (role) => {
    const failures: ProtocolError[] = [];
    const sink = Object.assign(new Calls(), { onFail: (e: ProtocolError) => failures.push(e) });
    const reader = new FrameReader({ role, sink, maxMessageSize: 65 * mebibyte });
    const half = Buffer.alloc(32 * mebibyte);
    reader.receive(octets(role, unfinished(binary(half)), unfinished(continuation(half))));
    expect(failures).toEqual([]);
    reader.receive(octets(role, unfinished(continuation("x"))));
    expect(failures.map(({ message }) => message)).toEqual([
      "unfinished messages would hold more than 67108864 bytes",
    ]);
  });
});
