import { describe, expect, it } from "vitest";
import { Pause } from "../../src/connection/connection.ts";
import { Peer } from "./peer.ts";

const limits = { messageTimeout: 10_000, pauseTimeout: 30_000, pingInterval: 1e6 };

describe("a message that has begun", () => {
  it("has to end within the message timeout, or the connection is closed with 1008", () => {
    const peer = new Peer({ limits });
    peer.send(peer.frame(0x1, "hel", false));
    peer.clock.advance(9_900);
    expect(peer.told).toEqual([]);
    peer.clock.advance(100);
    expect(peer.received()).toEqual(["close 1008 message took more than 10000 ms to arrive"]);
    expect(peer.told).toEqual([
      "fail ERR_MESSAGE_TIMEOUT",
      "closed 1008 message took more than 10000 ms to arrive unclean",
    ]);
  });

  it("counts from its first octet, be that half a header", () => {
    const peer = new Peer({ limits });
    peer.send(peer.text("hello").subarray(0, 1));
    peer.clock.advance(10_000);
    expect(peer.told[0]).toBe("fail ERR_MESSAGE_TIMEOUT");
  });

  it("gets no more time for crumbs, nor for pings in between", () => {
    const peer = new Peer({ limits });
    peer.send(peer.frame(0x1, "hel", false));
    for (let i = 0; i < 10; i++) {
      peer.clock.advance(1_000);
      peer.send(peer.frame(0x0, ".", false), peer.ping());
    }
    expect(peer.told[0]).toBe("fail ERR_MESSAGE_TIMEOUT");
  });

  it("gets its own time when it begins in the chunk in which another ends", () => {
    const peer = new Peer({ limits });
    const message = peer.text("hello");
    peer.send(message.subarray(0, 5));
    for (let i = 0; i < 100; i++) {
      peer.clock.advance(9_900);
      peer.send(message.subarray(5), message.subarray(0, 5));
    }
    expect(peer.told).toEqual(Array(100).fill("text hello"));
    peer.clock.advance(10_000);
    expect(peer.told.at(-1)).toMatch(/^closed 1008 /);
  });

  it("is forgotten with its end: silence afterwards is no matter", () => {
    const peer = new Peer({ limits });
    const message = peer.text("hello");
    peer.send(message.subarray(0, 5));
    peer.send(message.subarray(5));
    peer.clock.advance(100_000);
    expect(peer.told).toEqual(["text hello"]);
  });

  it("is not held against the peer while we do not read", () => {
    const peer = new Peer({ limits });
    const message = peer.text("hello");
    peer.send(message.subarray(0, 5));
    peer.connection.pause(Pause.application);
    peer.clock.advance(20_000);
    peer.connection.resume(Pause.application);
    peer.clock.advance(5_000);
    peer.send(message.subarray(5));
    expect(peer.told).toEqual(["text hello"]);
  });
});

describe("a pause", () => {
  it("stops reading until it is taken back", () => {
    const peer = new Peer({ limits });
    peer.connection.pause(Pause.application);
    expect([peer.transport.paused, peer.connection.paused]).toEqual([true, true]);
    peer.connection.resume(Pause.application);
    expect([peer.transport.paused, peer.connection.paused]).toEqual([false, false]);
  });

  it("for one reason does not end with that for another", () => {
    const peer = new Peer({ limits });
    peer.connection.pause(Pause.application);
    peer.connection.pause(Pause.mailbox);
    peer.connection.pause(Pause.mailbox);
    peer.connection.resume(Pause.mailbox);
    peer.connection.resume(Pause.mailbox);
    expect(peer.transport.paused).toBe(true);
    peer.connection.resume(Pause.application);
    expect(peer.transport.paused).toBe(false);
  });

  it("that was not begun cannot be taken back", () => {
    const peer = new Peer({ limits });
    peer.transport.resume = () => expect.unreachable();
    peer.connection.resume(Pause.mailbox);
  });

  it("has a longest time, after which the connection is closed with 1013", () => {
    const peer = new Peer({ limits });
    peer.connection.pause(Pause.application);
    peer.clock.advance(20_000);
    peer.connection.pause(Pause.mailbox);
    peer.connection.resume(Pause.application);
    peer.clock.advance(9_900);
    expect(peer.told).toEqual([]);
    peer.clock.advance(100);
    const reason = "1013 reading was paused for more than 30000 ms";
    expect(peer.received()).toEqual([`close ${reason}`]);
    expect(peer.told).toEqual([`closed ${reason} unclean`]);
    // The peer's end of TCP can only be seen by who reads.
    expect(peer.transport.paused).toBe(false);
  });

  it("begins its time anew after reading went on", () => {
    const peer = new Peer({ limits });
    for (let i = 0; i < 10; i++) {
      peer.connection.pause(Pause.mailbox);
      peer.clock.advance(29_000);
      peer.connection.resume(Pause.mailbox);
    }
    peer.clock.advance(100_000);
    expect(peer.told).toEqual([]);
  });

  it("does not hold up what we send", () => {
    const peer = new Peer({ limits });
    peer.connection.pause(Pause.application);
    peer.publish("hello");
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["text hello"]);
  });

  it("ends when we close, so that the answer can be read", () => {
    const peer = new Peer({ limits });
    peer.connection.pause(Pause.application);
    peer.connection.pause(Pause.mailbox);
    peer.connection.close(1000);
    expect(peer.transport.paused).toBe(false);
    peer.connection.pause(Pause.mailbox);
    expect(peer.transport.paused).toBe(false);
  });
});
