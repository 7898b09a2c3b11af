import { describe, expect, it } from "vitest";
import { Peer } from "./peer.ts";

const failed = "more than 1000 control frames and empty fragments a second";
const limits = { pingInterval: 1e9, messageTimeout: 1e9 };

const floods = {
  pings: (peer: Peer) => peer.ping("x".repeat(125)),
  "empty pings": (peer: Peer) => peer.ping(),
  "pongs that nobody asked for": (peer: Peer) => peer.pong("?"),
  "fragments of no bytes": (peer: Peer) => peer.frame(0x0, "", false),
};

describe.each(["server", "client"] as const)("the peer of a %s (RFC 6455 §10.4)", (role) => {
  for (const [name, frame] of Object.entries(floods)) {
    it(`may send ten thousand ${name} at once; one more is 1008`, () => {
      const peer = begin();
      flood(peer, frame(peer), 9_999);
      expect(peer.told).toEqual([]);
      flood(peer, frame(peer), 1);
      expect(peer.told).toEqual(["fail ERR_CONTROL_FLOOD", `closed 1008 ${failed} unclean`]);
      expect(peer.received().at(-1)).toBe(`close 1008 ${failed}`);
    });

    it(`may send a thousand ${name} a second for ever`, () => {
      const peer = begin();
      for (let second = 0; second < 60; second++) {
        flood(peer, frame(peer), 1_000);
        peer.clock.advance(1_000);
      }
      expect(peer.told).toEqual([]);
    });

    it(`may not send more than a thousand ${name} a second for long`, () => {
      const peer = begin();
      for (let second = 0; second < 60 && peer.told.length === 0; second++) {
        flood(peer, frame(peer), 2_000);
        peer.clock.advance(1_000);
      }
      expect(peer.told[0]).toBe("fail ERR_CONTROL_FLOOD");
    });
  }

  /** A peer that has begun a message, and has sent one empty fragment by that. */
  function begin(): Peer {
    const peer = new Peer({ role, limits });
    peer.send(peer.frame(0x1, "", false));
    return peer;
  }
});

describe("what is no flood of control frames", () => {
  it("is a message in 65 537 fragments, however fast they come", () => {
    const peer = new Peer({ limits });
    peer.send(peer.frame(0x2, "x", false));
    flood(peer, peer.frame(0x0, "x", false), 65_535);
    peer.send(peer.frame(0x0, "x"));
    expect(peer.told).toEqual([`bytes ${"78".repeat(65_537)}`]);
  });

  it("are empty messages: the application sees them, and may count them itself", () => {
    const peer = new Peer({ limits });
    flood(peer, peer.text(""), 20_000);
    expect(new Set(peer.told)).toEqual(new Set(["text "]));
    expect(peer.told).toHaveLength(20_000);
  });
});

it("a flood of pings ends a connection that is closing already, too", () => {
  const peer = new Peer({ limits });
  peer.connection.close(1000);
  flood(peer, peer.ping(), 10_001);
  expect(peer.told).toEqual(["fail ERR_CONTROL_FLOOD", "closed 1000 unclean"]);
  expect(peer.transport.ended).toBe(true);
});

it("the limit is what it is set to", () => {
  const peer = new Peer({ limits: { ...limits, controlFrames: 3 } });
  flood(peer, peer.ping(), 30);
  peer.clock.advance(1_000);
  flood(peer, peer.ping(), 3);
  expect(peer.told).toEqual([]);
  flood(peer, peer.ping(), 1);
  expect(peer.told[0]).toBe("fail ERR_CONTROL_FLOOD");
});

function flood(peer: Peer, frame: Buffer, times: number): void {
  for (let left = times; left > 0; left -= 1_000) {
    peer.connection.onData(Buffer.alloc(frame.length * Math.min(left, 1_000), frame));
  }
}
