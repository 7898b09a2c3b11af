import { describe, expect, it } from "vitest";
import { Peer, type PeerOptions } from "./peer.ts";

describe("messages to a peer that does not read", () => {
  it("wait whole and unframed, and come in order when it does", () => {
    const peer = full();
    for (const text of ["one", "two", "three"]) peer.publish(text);
    peer.answer("four");
    peer.clock.endTurn();
    expect(peer.transport.writes).toHaveLength(1);
    expect(peer.connection.bufferedAmount).toBe(6 + "onetwothreefour".length);
    peer.transport.take();
    expect(peer.received()).toEqual(["text first", ...words("one", "two", "three", "four")]);
    expect(peer.transport.writes).toHaveLength(2);
    expect(peer.connection.bufferedAmount).toBe(0);
  });

  it("are what they are when they are written: bytes may not be changed before", () => {
    const peer = full();
    const bytes = Buffer.of(1, 2, 3);
    peer.publish(bytes);
    bytes[0] = 9;
    peer.transport.take();
    expect(peer.received()).toEqual(["text first", "bytes 090203"]);
  });

  it("wait again when the transport is full again", () => {
    const peer = full();
    for (const text of ["one", "two"]) peer.publish(text);
    peer.transport.take(6);
    peer.publish("three");
    expect(peer.received()).toEqual(["text first"]);
    peer.transport.take();
    expect(peer.received()).toEqual(words("one", "two", "three"));
  });

  it("leave at the end of the turn again once it reads", () => {
    const peer = full();
    peer.transport.take();
    peer.publish("one");
    expect(peer.received()).toEqual(["text first"]);
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["text one"]);
  });

  it("do not keep those of others waiting", () => {
    const peer = full();
    const other = new Peer({ beside: peer });
    for (const each of [peer, other]) each.publish("news");
    peer.clock.endTurn();
    expect(other.received()).toEqual(["text news"]);
    expect(peer.received()).toEqual([]);
  });
});

describe("control frames to a peer that does not read (RFC 6455 §5.4)", () => {
  it("overtake messages that wait", () => {
    const peer = full();
    peer.publish("waits");
    peer.connection.ping();
    peer.send(peer.ping("?"));
    peer.transport.take();
    expect(peer.received()).toEqual(["text first", "ping", "pong ?", "text waits"]);
  });

  it("answer only the latest of its pings (RFC 6455 §5.5.3)", () => {
    const peer = full();
    peer.send(...Array.from({ length: 100 }, (_, i) => peer.ping(String(i))));
    peer.send(peer.ping("latest"));
    peer.transport.take();
    expect(peer.received()).toEqual(["text first", "pong latest"]);
    peer.transport.shut();
    peer.send(peer.ping("next"));
    peer.transport.take();
    expect(peer.received()).toEqual(["pong next"]);
  });

  it("take no memory for a flood of pings that never ends", () => {
    const peer = full();
    const pings = Array.from({ length: 1_000 }, () => peer.ping("x".repeat(125)));
    const held: number[] = [];
    for (let i = 0; i < 20; i++) {
      peer.send(...pings);
      peer.clock.endTurn();
      peer.clock.advance(1_000);
      held.push(peer.connection.bufferedAmount);
    }
    expect(new Set(held)).toEqual(new Set([6]));
    expect(peer.transport.writes).toHaveLength(1);
  });

  it("hold no more than two writes when the flood itself fills the transport", () => {
    const peer = new Peer();
    peer.transport.shut();
    peer.send(...Array.from({ length: 10_000 }, () => peer.ping("x".repeat(125))));
    expect(peer.transport.writes).toHaveLength(2);
    expect(peer.connection.bufferedAmount).toBeLessThan(65 * 1024);
  });

  it("answer a ping with what it held, although its chunk is gone by then", () => {
    const peer = full();
    const chunk = peer.ping("payload");
    peer.connection.onData(chunk);
    chunk.fill(0);
    peer.transport.take();
    expect(peer.received()).toEqual(["text first", "pong payload"]);
  });
});

describe("a peer that reads slower than it is sent to", () => {
  const limits = { outboxSize: 10 };

  it("is closed with 4008 past everything that waits, and may come back (close)", () => {
    const peer = full({ limits });
    peer.publish("1234567890");
    peer.publish("too much");
    expect(peer.told).toEqual([
      "drop 8 slow",
      "drop 10 closed",
      "closed 4008 more than 10 bytes wait for a slow reader unclean",
    ]);
    expect(peer.transport.ended).toBe(true);
    peer.transport.take();
    expect(peer.received()).toEqual([
      "text first",
      "close 4008 more than 10 bytes wait for a slow reader",
    ]);
  });

  it("is sent nothing more after that, and the drops are counted (close)", () => {
    const peer = full({ limits });
    peer.publish("1234567890");
    peer.publish("too much");
    peer.told.length = 0;
    peer.publish("one more");
    peer.answer(Buffer.alloc(3));
    expect(peer.told).toEqual(["drop 8 closed", "drop 3 closed"]);
  });

  it("misses what came last (drop-newest)", () => {
    const peer = full({ limits, slow: "drop-newest" });
    for (const text of ["12345", "67890", "lost"]) peer.publish(text);
    peer.transport.take();
    expect(peer.received()).toEqual(words("first", "12345", "67890"));
    expect(peer.told).toEqual(["drop 4 slow"]);
  });

  it("misses what waited longest (drop-oldest)", () => {
    const peer = full({ limits, slow: "drop-oldest" });
    for (const text of ["lost", "12345", "67890"]) peer.publish(text);
    peer.transport.take();
    expect(peer.received()).toEqual(words("first", "12345", "67890"));
    expect(peer.told).toEqual(["drop 4 slow"]);
  });

  it("gets the latest for each key (latest)", () => {
    const peer = full({ limits, slow: "latest" });
    for (let i = 1; i < 6; i++) {
      peer.publish(`x = ${i}`, { key: "x" });
      peer.publish(`y = ${i}`, { key: "y" });
    }
    peer.transport.take();
    expect(peer.received()).toEqual(words("first", "x = 5", "y = 5"));
    expect(peer.told).toHaveLength(8);
  });

  it("misses a droppable message, whatever the policy", () => {
    const peer = full({ limits });
    peer.publish("1234567890");
    peer.publish("cursor", { droppable: true });
    expect(peer.told).toEqual(["drop 6 slow"]);
    peer.transport.take();
    expect(peer.received()).toEqual(words("first", "1234567890"));
  });

  it("gets one message of any size when nothing waits", () => {
    const peer = full({ limits });
    peer.publish("x".repeat(1_000));
    expect(peer.told).toEqual([]);
  });
});

describe("drained()", () => {
  it("resolves when nothing waits for the peer", async () => {
    const peer = full();
    peer.publish("waits");
    const drained = peer.connection.drained();
    peer.transport.take();
    await drained;
    expect(peer.received()).toEqual(words("first", "waits"));
  });

  it("resolves when the connection is gone, and after that at once", async () => {
    const peer = full();
    const drained = peer.connection.drained();
    peer.leave();
    await drained;
    await peer.connection.drained();
  });
});

describe("the end of a peer that does not read", () => {
  it("counts what waited as dropped when it is gone", () => {
    const peer = full();
    for (const text of ["one", "three"]) peer.publish(text);
    peer.leave();
    expect(peer.told).toEqual(["closed 1006 unclean", "drop 3 closed", "drop 5 closed", "gone"]);
  });

  it("counts what waited as dropped when it closes", () => {
    const peer = full();
    for (const text of ["one", "three"]) peer.publish(text);
    peer.send(peer.close(1000));
    expect(peer.told).toEqual(["drop 3 closed", "drop 5 closed", "closed 1000 clean"]);
  });

  it("counts what waited as dropped when it ends its half of the transport", () => {
    const peer = full();
    for (const text of ["one", "three"]) peer.publish(text);
    peer.finish();
    expect(peer.told).toEqual(["drop 3 closed", "drop 5 closed", "closed 1006 unclean"]);
    peer.transport.take();
    expect(peer.received()).toEqual(["text first"]);
  });
});

/** A peer whose transport keeps the message `first` and takes nothing more. */
function full(options?: PeerOptions): Peer {
  const peer = new Peer(options);
  peer.transport.shut();
  peer.publish("first");
  peer.clock.endTurn();
  // Of the frame's seven bytes, six are left.
  peer.transport.take(1);
  return peer;
}

function words(...texts: string[]): string[] {
  return texts.map((text) => `text ${text}`);
}
