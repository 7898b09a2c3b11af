import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Pause } from "../../src/connection/connection.ts";
import { Peer } from "./peer.ts";

describe("a message that comes", () => {
  it("reaches the application as text or as bytes, whole and in order", () => {
    const peer = new Peer();
    peer.send(
      peer.text("one"),
      peer.frame(0x2, Buffer.of(1, 2)),
      peer.frame(0x1, "thr", false),
      peer.ping(),
      peer.frame(0x0, "ee"),
      peer.text(""),
    );
    expect(peer.told).toEqual(["text one", "bytes 0102", "text three", "text "]);
  });

  it("reaches it however the bytes are cut", () => {
    const peer = new Peer();
    const bytes = Buffer.concat([peer.text("one"), peer.frame(0x2, Buffer.of(1, 2)), peer.close()]);
    for (const octet of bytes) peer.send(Buffer.of(octet));
    expect(peer.told).toEqual(["text one", "bytes 0102", "closed 1005 clean"]);
  });

  it("reaches it whole when it is large, and so does the answer the peer", () => {
    const peer = new Peer();
    const payload = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
    peer.handler = (message) => peer.answer(message);
    peer.send(peer.frame(0x2, payload));
    const [frame] = peer.frames();
    const sum = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    expect(sum(frame!.payload)).toBe(sum(payload));
  });
});

describe("when the transport is gone", () => {
  const states: Record<string, (peer: Peer) => void> = {
    "out of the blue": () => {},
    "in the midst of a message": (peer) => peer.send(peer.frame(0x1, "hel", false)),
    "while reading is paused": (peer) => peer.connection.pause(Pause.application),
    "while a ping waits for its pong": (peer) => peer.clock.advance(26_000),
    "with messages that wait": (peer) => {
      peer.transport.shut();
      for (const text of ["one", "two"]) {
        peer.publish(text);
        peer.clock.endTurn();
      }
    },
    "with messages of this turn": (peer) => {
      peer.publish("news");
      peer.answer("answer");
    },
    "with our close frame unanswered": (peer) => peer.connection.close(1000),
    "with a close frame that waits": (peer) => {
      peer.transport.shut();
      peer.publish("one");
      peer.clock.endTurn();
      peer.publish("two");
      peer.connection.close(1000);
    },
    "after the closing handshake": (peer) => peer.send(peer.close(1000)),
    "after a failure": (peer) => peer.send(peer.frame(0x3)),
    "after the end of TCP": (peer) => peer.finish(),
    "after it was destroyed": (peer) => peer.connection.destroy(),
  };

  describe.each(Object.entries(states))("%s", (_, prepare) => {
    it("the application is told of the end once, and of that last", () => {
      const peer = new Peer();
      prepare(peer);
      peer.leave();
      const words = peer.told.map((word) => word.split(" ")[0]);
      expect(words.filter((word) => word === "closed")).toHaveLength(1);
      expect(words.indexOf("gone")).toBe(words.length - 1);
    });

    it("no deadline is left, and no timer", () => {
      const peer = new Peer();
      prepare(peer);
      peer.leave();
      peer.clock.endTurn();
      expect(peer.engine.wheel.size).toBe(0);
      expect(peer.clock.timers).toBe(0);
      expect(peer.engine.slab.owner).toBeUndefined();
      expect(peer.engine.budget.held).toBe(0);
    });

    it("nothing happens any more, whatever is called", async () => {
      const peer = new Peer();
      prepare(peer);
      peer.leave();
      peer.told.length = 0;
      const written = peer.transport.writes.length;
      peer.connection.pause(Pause.mailbox);
      peer.connection.resume(Pause.mailbox);
      peer.connection.close(1000);
      peer.connection.fail(1011, "too late");
      peer.connection.flush();
      peer.connection.destroy();
      await peer.connection.drained();
      peer.publish("lost");
      peer.clock.endTurn();
      peer.clock.advance(1_000_000);
      expect(peer.told).toEqual(["drop 4 closed"]);
      expect(peer.transport.writes).toHaveLength(written);
      expect(peer.engine.wheel.size).toBe(0);
    });
  });
});

describe("connections of one server", () => {
  it("share one timer", () => {
    const first = new Peer();
    const peers = [first, ...Array.from({ length: 99 }, () => new Peer({ beside: first }))];
    expect(first.engine.wheel.size).toBe(100);
    expect(first.clock.timers).toBe(1);
    for (const peer of peers) peer.leave();
    expect(first.clock.timers).toBe(0);
  });
});
