import { describe, expect, it } from "vitest";
import { Pause } from "../../src/connection/connection.ts";
import { Peer } from "./peer.ts";

const limits = { pingInterval: 25_000, pingTimeout: 20_000, pauseTimeout: 10_000_000 };
const slot = 50;

describe("a peer that is quiet (RFC 6455 §5.5.2)", () => {
  it("is pinged after the ping interval, and not before", () => {
    const peer = new Peer({ limits });
    peer.clock.advance(25_000 - slot);
    expect(peer.received()).toEqual([]);
    peer.clock.advance(slot);
    expect(peer.received()).toEqual(["ping"]);
  });

  it("is pinged one interval after it was heard last, not up to two", () => {
    const peer = new Peer({ limits });
    peer.clock.advance(10_000);
    peer.send(peer.text("hello"));
    peer.clock.advance(25_000 - slot);
    expect(peer.received()).toEqual([]);
    peer.clock.advance(slot);
    expect(peer.received()).toEqual(["ping"]);
  });

  it("is gone for us after the ping timeout: 1006, without a close frame", () => {
    const peer = new Peer({ limits });
    peer.clock.advance(45_000 - slot);
    expect(peer.told).toEqual([]);
    peer.clock.advance(slot);
    expect(peer.told).toEqual(["closed 1006 unclean"]);
    expect(peer.transport.destroyed).toBe(true);
    expect(peer.received()).toEqual(["ping"]);
  });

  it("stays as long as it answers, and is pinged once an interval", () => {
    const peer = new Peer({ limits });
    for (let i = 0; i < 100; i++) {
      peer.clock.advance(25_000);
      expect(peer.received()).toEqual(["ping"]);
      peer.send(peer.pong());
    }
    expect(peer.told).toEqual([]);
  });

  it("may answer long before a ping timeout that is longer than the interval", () => {
    const peer = new Peer({ limits: { pingInterval: 1_000, pingTimeout: 60_000 } });
    for (let i = 0; i < 10; i++) {
      peer.clock.advance(1_000);
      peer.send(peer.pong());
      peer.clock.advance(60_000);
    }
    expect(peer.told).toEqual([]);
  });

  it("is not punished for a stall of our own event loop", () => {
    const peer = new Peer({ limits });
    peer.clock.advance(25_000);
    peer.clock.stall(3_600_000);
    peer.send(peer.pong());
    peer.clock.advance(20_000);
    expect(peer.told).toEqual([]);
  });
});

describe("a peer that says anything at all", () => {
  const signs = {
    "a text": (peer: Peer) => peer.text("hello"),
    "a binary message": (peer: Peer) => peer.frame(0x2, "hello"),
    "a ping": (peer: Peer) => peer.ping(),
    "a pong that nobody asked for": (peer: Peer) => peer.pong("?"),
    "a part of a message": (peer: Peer) => peer.frame(0x1, "hel", false),
    "a part of a frame": (peer: Peer) => peer.text("hello").subarray(0, 3),
  };
  it.each(Object.entries(signs))("is there: %s", (_, sign) => {
    const peer = new Peer({ limits });
    peer.clock.advance(44_000);
    peer.send(sign(peer));
    peer.clock.advance(24_000);
    expect(peer.told.filter((word) => word.startsWith("closed"))).toEqual([]);
    expect(peer.received().filter((word) => word === "ping")).toEqual(["ping"]);
  });

  it("is never pinged while it is busy", () => {
    const peer = new Peer({ limits });
    for (let i = 0; i < 100; i++) {
      peer.clock.advance(24_000);
      peer.send(peer.text("hello"));
    }
    expect(peer.received()).toEqual([]);
  });
});

describe("a peer that we do not read", () => {
  it("is pinged all the same, and its silence does not count", () => {
    const peer = new Peer({ limits });
    peer.connection.pause(Pause.application);
    peer.clock.advance(25_000 + 3 * 20_000);
    expect(peer.received()).toEqual(["ping", "ping", "ping", "ping"]);
    expect(peer.told).toEqual([]);
  });

  it("has a whole interval and a whole timeout once we read again", () => {
    for (const paused of [100, 25_000, 44_900, 64_900]) {
      const peer = new Peer({ limits });
      peer.connection.pause(Pause.mailbox);
      peer.clock.advance(paused);
      peer.connection.resume(Pause.mailbox);
      peer.received();
      peer.clock.advance(25_000 - slot);
      expect(peer.received()).toEqual([]);
      peer.clock.advance(20_000);
      expect(peer.received()).toEqual(["ping"]);
      expect(peer.told).toEqual([]);
      peer.clock.advance(slot);
      expect(peer.told).toEqual(["closed 1006 unclean"]);
    }
  });
});

describe("a peer that is leaving", () => {
  it("is not pinged behind our close frame, and has the close timeout to answer it", () => {
    const peer = new Peer({ limits: { ...limits, closeTimeout: 100_000 } });
    peer.connection.close(1000);
    peer.clock.advance(100_000 - slot);
    expect(peer.received()).toEqual(["close 1000"]);
    expect(peer.told).toEqual([]);
    peer.clock.advance(slot);
    expect(peer.told).toEqual(["closed 1000 unclean"]);
  });
});
