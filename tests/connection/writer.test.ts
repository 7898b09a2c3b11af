import { Protocol, type ProtocolSink } from "sluice/protocol";
import { describe, expect, it } from "vitest";
import { Engine } from "../../src/connection/engine.ts";
import { Writer, type WriterOwner } from "../../src/connection/writer.ts";
import type { SlowPolicy } from "../../src/internal/send-options.ts";
import { FrameReader } from "../../compliance/frame.ts";
import { MemoryTransport } from "./memory-transport.ts";
import { SteppedClock } from "./stepped-clock.ts";

describe("what a writer is given", () => {
  it("waits for the end of the turn, then leaves in one write", () => {
    const { writer, transport, clock, received } = room();
    writer.send("one", undefined, false);
    writer.send("two", undefined, true);
    writer.send(Buffer.from("three"), undefined, false);
    expect(transport.writes).toEqual([]);
    clock.endTurn();
    expect(received()).toEqual(["one", "two", "three"]);
    // An answer takes with it what waited before; what comes after it is another write.
    expect(transport.writes).toHaveLength(2);
  });

  it("leaves early once it is more than 64 KiB, and stays in order", () => {
    const { writer, transport, clock, received } = room();
    const sent = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(1_000, "."));
    for (const text of sent) writer.send(text, undefined, false);
    expect(transport.writes.length).toBeGreaterThan(1);
    expect(transport.writes.length).toBeLessThan(10);
    clock.endTurn();
    expect(received()).toEqual(sent);
  });

  it("leaves in order when large messages are among small ones", () => {
    const { writer, clock, received } = room();
    const large = "x".repeat(70_000);
    const sent = ["a", large, "b", "c", large, large, "d"];
    for (const [i, text] of sent.entries()) writer.send(text, undefined, i % 2 === 0);
    clock.endTurn();
    expect(received()).toEqual(sent);
  });

  it("is masked anew for each message of a client (RFC 6455 §5.3)", () => {
    const { writer, transport, clock, received } = room({ role: "client" });
    for (let i = 0; i < 3; i++) writer.send("hello", undefined, i % 2 === 0);
    clock.endTurn();
    const frames = transport.wire.toString("hex").match(/.{22}/g)!;
    expect(new Set(frames).size).toBe(3);
    expect(received()).toEqual(["hello", "hello", "hello"]);
  });
});

describe("what several writers are given in one turn", () => {
  it("is handed to their transports as one and the same buffer", () => {
    const clock = new SteppedClock();
    const engine = new Engine({ clock });
    const rooms = Array.from({ length: 50 }, () => room({ clock, engine }));
    for (const text of ["one", "two"]) {
      for (const { writer } of rooms) writer.send(text, undefined, false);
    }
    // A transport that takes nothing keeps the chunk itself.
    const chunks = new Set<Uint8Array>();
    for (const { transport } of rooms) {
      transport.write = (chunk) => {
        chunks.add(chunk);
        return false;
      };
    }
    clock.endTurn();
    expect(chunks.size).toBe(1);
  });

  it("is forgotten at the end of the turn, however large it was", () => {
    const { writer, engine, clock } = room();
    const large = "x".repeat(100_000);
    const branch = engine.turn.after(undefined, large);
    writer.send(large, undefined, false);
    expect(engine.turn.after(undefined, large)).toBe(branch);
    clock.endTurn();
    expect(engine.turn.after(undefined, large)).not.toBe(branch);
  });
});

describe("a writer's size", () => {
  it("counts what was framed, what waits and what the transport keeps", () => {
    const { writer, transport, clock } = room();
    writer.send("12345678", undefined, true);
    expect(writer.size).toBe(10);
    writer.send("12345678", undefined, false);
    expect(writer.size).toBe(20);
    transport.shut();
    clock.endTurn();
    expect(writer.size).toBe(20);
    writer.send("12345678", undefined, false);
    expect(writer.size).toBe(28);
    transport.take(5);
    expect(writer.size).toBe(23);
    transport.take();
    expect(writer.size).toBe(0);
  });

  it("does not count what another connection has framed", () => {
    const clock = new SteppedClock();
    const engine = new Engine({ clock });
    const [one, two] = [room({ clock, engine }), room({ clock, engine })];
    one.writer.send("hello", undefined, true);
    expect(two.writer.size).toBe(0);
  });
});

describe("drained()", () => {
  it("resolves at once when the transport takes everything, and has it written", async () => {
    const { writer, received } = room();
    writer.send("one", undefined, false);
    await writer.drained();
    expect(received()).toEqual(["one"]);
  });

  it("resolves when nothing waits any more", async () => {
    const { writer, transport, received } = room();
    transport.shut();
    for (const text of ["one", "two", "three"]) writer.send(text, undefined, false);
    let resolved = 0;
    const [first, second] = [writer.drained(), writer.drained()];
    writer.send("four", undefined, false);
    const counted = [first, second].map((promise) => promise.then(() => resolved++));
    transport.take(20);
    await Promise.resolve();
    expect(resolved).toBe(0);
    transport.take();
    await Promise.all(counted);
    expect(received()).toEqual(["one", "two", "three", "four"]);
  });

  it("resolves when the transport is gone", async () => {
    const { writer, transport, dropped } = room();
    transport.shut();
    writer.send("one", undefined, false);
    const drained = writer.drained();
    writer.send("waits", undefined, false);
    writer.release();
    await drained;
    expect(dropped).toEqual([5]);
    expect(writer.size - transport.bufferedAmount).toBe(0);
  });
});

describe("a writer whose transport is full", () => {
  it("wants the connection closed when the outbox is full, if the policy says so", () => {
    const { writer, transport } = room({ outboxSize: 10 });
    transport.shut();
    writer.send("kept by the transport", undefined, false);
    writer.flush();
    expect(writer.send("1234567890", undefined, false)).toBe(true);
    expect(writer.send("1", undefined, false)).toBe(false);
  });

  it("follows the policy that its owner has by then", () => {
    const { writer, transport, dropped, owner } = room({ outboxSize: 10 });
    owner.slow = "drop-newest";
    transport.shut();
    writer.send("kept by the transport", undefined, false);
    writer.flush();
    writer.send("1234567890", undefined, false);
    expect(writer.send("1", undefined, false)).toBe(true);
    expect(dropped).toEqual([1]);
  });

  it("frames a long outbox in pieces, each only when the one before is gone", () => {
    const { writer, transport, received } = room();
    transport.shut();
    writer.send("first", undefined, false);
    writer.flush();
    const sent = Array.from({ length: 300 }, (_, i) => `${i}`.padEnd(1_000, "."));
    for (const text of sent) writer.send(text, undefined, false);
    let most = 0;
    for (let i = 0; i < 1_000; i++) {
      transport.take(1_000);
      most = Math.max(most, transport.bufferedAmount);
    }
    expect(received()).toEqual(["first", ...sent]);
    expect(most).toBeGreaterThan(10_000);
    expect(most).toBeLessThanOrEqual(64 * 1024);
  });
});

interface RoomOptions {
  readonly role?: "client" | "server";
  readonly outboxSize?: number;
  readonly clock?: SteppedClock;
  readonly engine?: Engine;
}

/** A writer with everything that it needs. */
function room(options: RoomOptions = {}) {
  const { role = "server", outboxSize = 1e6, clock = new SteppedClock() } = options;
  const engine = options.engine ?? new Engine({ clock });
  const transport = new MemoryTransport();
  const dropped: number[] = [];
  const owner: WriterOwner & { slow: SlowPolicy } = {
    limits: { outboxSize },
    slow: "close",
    dropped: (size) => dropped.push(size),
    emptied() {},
  };
  const protocol = new Protocol({ role, sink: deaf });
  const writer = new Writer(transport, protocol, engine, owner);
  transport.open({ onData() {}, onDrain: () => writer.onDrain(), onEnd() {}, onGone() {} });
  const reader = new FrameReader(role === "client");
  const received = () =>
    [...reader.read(transport.wire)].map(({ payload }) => payload.toString("utf8"));
  return { writer, transport, engine, clock, owner, dropped, received };
}

const deaf: ProtocolSink = {
  onText() {},
  onBytes() {},
  onPing() {},
  onPong() {},
  onClose() {},
  onFail() {},
};
