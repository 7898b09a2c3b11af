import { describe, expect, it } from "vitest";
import { Peer, type PeerOptions } from "./peer.ts";

const kib = 1024;
const long = "long message ".repeat(60_000);
const bytes = Buffer.from(long);

describe("a message that is too long for one write", () => {
  it("leaves in pieces, each when the one before is taken, and is one frame", () => {
    const peer = new Peer();
    peer.transport.take(300 * kib);
    peer.answer(long);
    expect(peer.transport.writes.map(({ length }) => length)).toEqual(
      [128, 128, 128].map((n) => n * kib),
    );
    peer.transport.take(200 * kib);
    expect(peer.transport.writes).toHaveLength(4);
    peer.transport.take();
    expect(peer.messages()).toEqual([
      { data: long, compressed: false, frames: 1, size: long.length },
    ]);
  });

  it("holds what is sent later in the outbox, which acts by the slow policy", () => {
    const peer = new Peer({ limits: { outboxSize: 10 }, slow: "drop-newest" });
    peer.transport.shut();
    peer.publish(bytes);
    for (const text of ["one", "two", "three", "other"]) peer.publish(text);
    peer.transport.take();
    expect(peer.messages().map(({ data }) => data.toString())).toEqual([long, "one", "two"]);
    expect(peer.told).toEqual(["drop 5 slow", "drop 5 slow"]);
  });

  it("keeps its place among the others, answers or not", () => {
    const peer = new Peer();
    peer.answer("one");
    peer.publish("two");
    peer.publish(long);
    peer.answer("three");
    peer.answer(bytes);
    peer.publish("four");
    peer.clock.endTurn();
    const got = peer.messages().map(({ data }) => data.toString());
    expect(got).toEqual(["one", "two", long, "three", long, "four"]);
  });

  it("is framed once for all connections that are sent it in one turn", () => {
    for (const data of [long, bytes]) {
      const peers = crowd(3);
      for (const peer of peers) peer.publish(data);
      const { turn } = peers[0]!.engine;
      const first = turn.long(data, 0);
      expect(turn.long(data, 0) === first).toBe(true);
      for (const peer of peers) expect(peer.messages()[0]!.data.toString()).toBe(long);
      peers[0]!.clock.endTurn();
      expect(turn.long(data, 0) === first).toBe(false);
    }
  });

  it("is not shared once its bytes were changed", () => {
    const [one, other] = crowd(2) as [Peer, Peer];
    const data = Buffer.from(bytes);
    one.publish(data);
    data[data.length - 1] = 0x21;
    other.publish(data);
    expect(one.messages()[0]!.data.toString()).toBe(long);
    expect(other.messages()[0]!.data.toString()).toBe(`${long.slice(0, -1)}!`);
  });

  it("is masked by a client as one frame (RFC 6455 §5.3)", () => {
    const peer = new Peer({ role: "client" });
    peer.transport.take(100 * kib);
    peer.publish(long);
    peer.transport.take();
    expect(peer.received()).toEqual([`text ${long}`.trimEnd()]);
  });

  it("counts as buffered until the operating system has it", async () => {
    const peer = new Peer();
    peer.transport.take(100 * kib);
    peer.publish(long);
    const left = long.length + 10 - 100 * kib;
    expect(peer.connection.bufferedAmount).toBe(left);
    let drained = false;
    const wait = peer.connection.drained().then(() => (drained = true));
    peer.transport.take(200 * kib);
    await Promise.resolve();
    expect([drained, peer.connection.bufferedAmount]).toEqual([false, left - 200 * kib]);
    peer.transport.take();
    await wait;
    expect(peer.connection.bufferedAmount).toBe(0);
  });

  it("holds back the questions of a peer that does not take the answer", () => {
    const peer = new Peer({ limits: { outboxSize: 100 * kib } });
    peer.handler = (message) => peer.answer(message === "ask" ? long : "short");
    peer.transport.shut();
    peer.send(peer.text("ask"), peer.text("more"));
    expect(peer.told).toEqual(["text ask"]);
    expect(peer.transport.paused).toBe(true);
    peer.transport.take();
    expect(peer.told).toEqual(["text ask", "text more"]);
    expect(peer.transport.paused).toBe(false);
    expect(peer.messages().map(({ data }) => data)).toEqual([long, "short"]);
  });
});

describe("control frames while a long message leaves (RFC 6455 §5.4, §5.5)", () => {
  it("wait for its frame to be complete", () => {
    const peer = new Peer();
    peer.transport.take(300 * kib);
    peer.publish(long);
    peer.send(peer.ping("1"), peer.ping("2"));
    peer.connection.ping();
    peer.transport.take();
    expect(peer.received()).toEqual([`text ${long}`.trimEnd(), "pong 2"]);
  });

  it("close it behind everything that was sent", () => {
    const peer = new Peer();
    peer.transport.take(300 * kib);
    peer.publish(long);
    peer.publish("last");
    peer.connection.close(1000);
    expect(peer.messages()).toEqual([]);
    peer.transport.take();
    expect(peer.received()).toEqual([`text ${long}`.trimEnd(), "text last", "close 1000"]);
  });

  it("that fail the connection come behind the frame, and before all that waits", () => {
    const peer = new Peer();
    peer.transport.take(300 * kib);
    peer.publish(long);
    peer.publish("never");
    peer.send(peer.frame(0x3));
    peer.transport.take();
    expect(peer.received()).toEqual([`text ${long}`.trimEnd(), "close 1002 reserved opcode 3"]);
    expect(peer.told).toContain("drop 5 closed");
  });
});

describe("a peer that reads a long message slowly but steadily", () => {
  it("is not taken for gone, however long it takes", () => {
    const peer = new Peer({ limits: { pingInterval: 1000, pingTimeout: 1000 } });
    peer.transport.shut();
    peer.publish(long);
    for (let taken = 0; taken < long.length; taken += 128 * kib) {
      peer.clock.advance(900);
      peer.transport.take(128 * kib);
    }
    expect(peer.told).toEqual([]);
    peer.transport.take();
    expect(peer.messages()[0]!.data).toBe(long);
  });

  it("is given more time for the close frame behind it", () => {
    const peer = new Peer({ limits: { closeTimeout: 1000 } });
    peer.transport.shut();
    peer.publish(long);
    peer.connection.close(1000);
    for (let taken = 0; taken < long.length; taken += 128 * kib) {
      peer.clock.advance(900);
      peer.transport.take(128 * kib);
    }
    peer.transport.take();
    expect(peer.received()).toEqual([`text ${long}`.trimEnd(), "close 1000"]);
    peer.clock.advance(2000);
    expect(peer.told).toEqual(["closed 1000 unclean"]);
  });

  it("is taken for gone when it stops", () => {
    const peer = new Peer({ limits: { pingInterval: 1000, pingTimeout: 1000 } });
    peer.transport.take(200 * kib);
    peer.publish(long);
    peer.clock.advance(3000);
    expect(peer.told[0]).toBe("closed 1006 unclean");
    peer.leave();
    expect(peer.told).toContain(`drop ${long.length} closed`);
  });
});

/** Connections of one engine. */
function crowd(count: number, options: PeerOptions = {}): Peer[] {
  const first = new Peer(options);
  return [
    first,
    ...Array.from({ length: count - 1 }, () => new Peer({ ...options, beside: first })),
  ];
}
