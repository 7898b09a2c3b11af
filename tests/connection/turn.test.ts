import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Branch, Turn } from "../../src/connection/turn.ts";
import { FrameReader } from "../../compliance/frame.ts";
import { SteppedClock } from "./stepped-clock.ts";

type Message = string | Uint8Array;

describe("connections that are sent the same in one turn", () => {
  it("share one buffer, whatever the sequence", () => {
    const { send } = turn();
    const sequence = ["one", Buffer.from("two"), "three", "three", ""];
    const first = send(...sequence).joined;
    expect(send(...sequence).joined).toBe(first);
    expect(payloads(first)).toEqual(["one", "two", "three", "three", ""]);
  });

  it("share the frame of a message, were they a thousand", () => {
    const { send } = turn();
    const buffers = Array.from({ length: 1_000 }, () => send("hello everybody").joined);
    expect(new Set(buffers).size).toBe(1);
  });

  it("share a text by its value, however it was made", () => {
    const { send } = turn();
    const greeting = (name: string) => `hello ${name}`;
    expect(send(greeting("you"))).toBe(send(["hello", "you"].join(" ")));
  });

  it("share when their messages come in turns", () => {
    const { turn: tree } = turn();
    const at: (Branch | undefined)[] = new Array(100).fill(undefined);
    for (const message of ["one", "two", "three"]) {
      for (const i of at.keys()) at[i] = tree.after(at[i], message);
    }
    expect(new Set(at).size).toBe(1);
  });

  it("share although others are sent something else in between", () => {
    const { send } = turn();
    const messages = ["news", "more news", Buffer.from("picture"), "a", "b"];
    const first = messages.map((message) => send(message));
    for (const [i, message] of messages.entries()) {
      if (typeof message === "string") expect(send(message)).toBe(first[i]);
    }
  });

  it("share what they have in common, and get the rest each for itself", () => {
    const { send } = turn();
    const [one, two] = [send("a", "b", "c"), send("a", "b", "d")];
    expect(payloads(one.joined)).toEqual(["a", "b", "c"]);
    expect(payloads(two.joined)).toEqual(["a", "b", "d"]);
    expect(send("a", "b").joined).toBe(send("a", "b").joined);
  });
});

describe("connections that are sent different messages in one turn", () => {
  it("each get their own, in order", () => {
    const message = fc.oneof(
      fc.constantFrom("a", "b", "c"),
      fc.constantFrom(Buffer.from("a"), Buffer.from("x")),
      fc.string({ maxLength: 200 }),
    );
    const sequences = fc.array(fc.array(message, { minLength: 1, maxLength: 8 }), { maxLength: 8 });
    fc.assert(
      fc.property(sequences, fc.boolean(), (all, early) => {
        const { send } = turn();
        const branches = all.map((sequence) => {
          const branch = send(...sequence);
          // Joined while the turn goes on, a sequence may be the beginning of a later one.
          if (early) void branch.joined;
          return branch;
        });
        for (const [i, branch] of branches.entries()) {
          expect(branch.size).toBe(branch.joined.length);
          const text = (each: Message) => Buffer.from(each).toString("utf8");
          expect(payloads(branch.joined)).toEqual(all[i]!.map(text));
        }
      }),
    );
  });

  it("get text as text and bytes as bytes, even if they are the same octets", () => {
    const { send } = turn();
    const opcodes = [send("same"), send(Buffer.from("same"))].map(({ joined }) => joined[0]! & 15);
    expect(opcodes).toEqual([1, 2]);
  });
});

describe("bytes", () => {
  it("are shared while they stay as they were", () => {
    const { send } = turn();
    const bytes = Buffer.from("picture");
    expect(send(bytes)).toBe(send(bytes));
  });

  it("that were changed between two sends are sent as they were each time", () => {
    const { send } = turn();
    const bytes = Buffer.from("before");
    const first = send(bytes);
    bytes.write("after!");
    const second = send(bytes);
    expect(payloads(first.joined)).toEqual(["before"]);
    expect(payloads(second.joined)).toEqual(["after!"]);
  });

  it("that were changed behind others in a sequence are sent as they are", () => {
    const { send } = turn();
    const bytes = Buffer.from([1, 2, 3]);
    send("one", bytes);
    bytes[1] = 9;
    expect(payloads(send("one", bytes).joined)).toEqual(["one", "\x01\x09\x03"]);
  });

  it("in another array are another message", () => {
    const { send } = turn();
    expect(payloads(send(Buffer.from("one")).joined)).toEqual(["one"]);
    expect(payloads(send(Buffer.from("two")).joined)).toEqual(["two"]);
  });
});

describe("the end of a turn", () => {
  it("flushes everybody who enlisted, once and in order", () => {
    const { turn: tree, clock } = turn();
    const flushed: string[] = [];
    for (const name of ["one", "two", "three"]) tree.enlist({ flush: () => flushed.push(name) });
    expect(flushed).toEqual([]);
    clock.endTurn();
    clock.endTurn();
    expect(flushed).toEqual(["one", "two", "three"]);
  });

  it("forgets the messages: the next turn begins with nothing", () => {
    const { turn: tree, send, clock } = turn();
    const bytes = Buffer.from("picture");
    const [text, binary] = [send("hello"), send(bytes)];
    tree.enlist({ flush: () => {} });
    clock.endTurn();
    expect(send("hello")).not.toBe(text);
    expect(send(bytes)).not.toBe(binary);
  });

  it("is not the end for a crowd that takes long to write to: the others come in the next one", () => {
    const { turn: tree, clock } = turn();
    const flushed: number[] = [];
    const member = (number: number) => ({
      flush() {
        clock.advance(1);
        flushed.push(number);
        // Who enlists meanwhile comes behind them.
        if (number === 0) tree.enlist(member(50));
      },
    });
    for (let i = 0; i < 50; i++) tree.enlist(member(i));
    let turns = 0;
    for (; clock.awaited && turns < 50; turns++) {
      const before = clock.now();
      clock.endTurn();
      expect(clock.now() - before).toBeLessThan(10);
    }
    expect(turns).toBeGreaterThan(5);
    expect(flushed).toEqual(Array.from({ length: 51 }, (_, i) => i));
  });

  it("comes a turn later for a crowd, once: what is sent meanwhile leaves in the same write", () => {
    for (const [size, turns] of [
      [63, 1],
      [64, 2],
    ] as const) {
      const { turn: tree, send, clock } = turn();
      let branch = send("first");
      const written: string[][] = [];
      const member = { flush: () => void written.push(payloads(branch.joined)) };
      for (let i = 0; i < size; i++) tree.enlist(member);
      for (let i = 1; i < turns; i++) {
        clock.endTurn();
        expect(written).toEqual([]);
        branch = tree.after(branch, `in turn ${i + 1}`);
      }
      clock.endTurn();
      const texts = turns === 1 ? ["first"] : ["first", "in turn 2"];
      expect(written).toEqual(Array.from({ length: size }, () => texts));
      expect(clock.awaited).toBe(false);
    }
  });

  it("comes again for those who enlist while it ends", () => {
    const { turn: tree, clock } = turn();
    let flushed = 0;
    const again = { flush: () => void (++flushed < 3 && tree.enlist(again)) };
    tree.enlist(again);
    clock.endTurn();
    expect(flushed).toBe(1);
    clock.endTurn();
    clock.endTurn();
    clock.endTurn();
    expect(flushed).toBe(3);
  });
});

/** A turn, its clock, and a function that sends a sequence of messages to one more connection. */
function turn() {
  const clock = new SteppedClock();
  const tree = new Turn(clock);
  const send = (...messages: Message[]): Branch => {
    let branch: Branch | undefined;
    for (const message of messages) branch = tree.after(branch, message);
    return branch!;
  };
  return { clock, turn: tree, send };
}

function payloads(bytes: Buffer): string[] {
  return [...new FrameReader(false).read(bytes)].map(({ payload }) => payload.toString("utf8"));
}
