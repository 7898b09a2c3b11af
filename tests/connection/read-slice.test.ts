import { describe, expect, it } from "vitest";
import { Pause } from "../../src/connection/connection.ts";
import { ReadSlice } from "../../src/connection/read-slice.ts";
import { SteppedClock } from "./stepped-clock.ts";
import { Peer } from "./peer.ts";

/** How long one turn of the loop reads. */
const slice = 5;

const limits = { pingInterval: 1e9 };

/** Peers of one server, whose application takes so many milliseconds for each message. */
function peers(count: number, cost: number): Peer[] {
  const first = new Peer({ limits });
  const all = [
    first,
    ...Array.from({ length: count - 1 }, () => new Peer({ limits, beside: first })),
  ];
  for (const peer of all) peer.handler = () => peer.clock.advance(cost);
  return all;
}

function heard(peers: readonly Peer[]): number[] {
  return peers.map(({ told }) => told.length);
}

describe("a flood", () => {
  it("of many is read in the turns that follow, in the order in which they came", () => {
    const crowd = peers(6, 5);
    for (const peer of crowd) peer.send(peer.text("hello"));
    expect(heard(crowd)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(crowd.map(({ transport }) => transport.paused)).toEqual([
      ...Array<boolean>(4).fill(false),
      true,
      true,
    ]);
    crowd[0]!.clock.endTurn();
    expect(heard(crowd)).toEqual([1, 1, 1, 1, 1, 1]);
    crowd[0]!.clock.endTurn();
    expect(crowd.some(({ transport }) => transport.paused)).toBe(false);
    expect(crowd[0]!.clock.awaited).toBe(false);
  });

  it("of many takes no turn longer than a slice and one more chunk", () => {
    const crowd = peers(20, 5);
    for (const peer of crowd) peer.send(peer.text("hello"));
    const { clock } = crowd[0]!;
    for (let turns = 0; clock.awaited; turns++) {
      expect(turns).toBeLessThan(20);
      const before = clock.now();
      clock.endTurn();
      expect(clock.now() - before).toBeLessThanOrEqual(slice + 5);
    }
    expect(heard(crowd)).toEqual(Array(20).fill(1));
  });

  it("of one is parted in the midst of a chunk, and nothing is lost or out of order", () => {
    const [peer] = peers(1, 1) as [Peer];
    const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`);
    peer.send(...texts.map((text) => peer.text(text.slice(5))));
    expect(peer.told).toEqual(texts.slice(0, peer.told.length));
    expect(peer.clock.now()).toBeGreaterThan(slice);
    expect(peer.clock.now()).toBeLessThan(4 * slice);
    expect(peer.transport.paused).toBe(true);
    for (let turns = 0; peer.clock.awaited && turns < 10; turns++) peer.clock.endTurn();
    expect(peer.told).toEqual(texts);
    expect(peer.transport.paused).toBe(false);
  });

  it("leaves the next turn to everybody: who comes then is read at once", () => {
    const [flooder, other] = peers(2, 1) as [Peer, Peer];
    flooder.send(...Array.from({ length: 100 }, () => flooder.text("x")));
    flooder.clock.endTurn();
    expect(flooder.transport.paused).toBe(true);
    other.send(other.text("hello"));
    expect(other.told).toEqual(["text hello"]);
  });
});

describe("who waits for a turn to read", () => {
  function waiting(): Peer {
    const [first, peer] = peers(2, 10) as [Peer, Peer];
    first.send(first.text("slow"));
    first.send(first.text("slow"));
    peer.send(peer.text("one"), peer.text("two"));
    expect(peer.told).toEqual([]);
    return peer;
  }

  it("is not read before another pause of its has ended", () => {
    const peer = waiting();
    peer.connection.pause(Pause.application);
    peer.clock.endTurn();
    expect(peer.told).toEqual([]);
    expect(peer.transport.paused).toBe(true);
    peer.connection.resume(Pause.application);
    expect(peer.told).toEqual(["text one", "text two"]);
  });

  it("is not read early, although another pause of its has ended", () => {
    const peer = waiting();
    peer.connection.pause(Pause.mailbox);
    peer.connection.resume(Pause.mailbox);
    expect(peer.told).toEqual([]);
    peer.clock.endTurn();
    expect(peer.told).toEqual(["text one", "text two"]);
  });

  it("is not waited for when it is gone", () => {
    const peer = waiting();
    peer.leave();
    peer.clock.endTurn();
    expect(peer.told).toEqual(["closed 1006 unclean", "gone"]);
  });

  it("is told of the end when it is closed meanwhile", () => {
    const peer = waiting();
    peer.connection.close(1000);
    peer.clock.endTurn();
    peer.send(peer.close(1000));
    expect(peer.told).toEqual(["closed 1000 clean"]);
  });

  it("is not blamed for the time that it waits", () => {
    const [first, peer] = peers(2, 10) as [Peer, Peer];
    peer.send(peer.text("hello").subarray(0, 3));
    peer.clock.advance(59_900);
    first.send(first.text("slow"));
    first.send(first.text("slow"));
    peer.send(peer.text("hello").subarray(3));
    peer.clock.advance(10_000);
    peer.clock.endTurn();
    expect(peer.told).toEqual(["text hello"]);
  });

  it("has all the time again for the rest of a message", () => {
    const [first, peer] = peers(2, 10) as [Peer, Peer];
    peer.send(peer.text("hello").subarray(0, 3));
    peer.clock.advance(59_900);
    first.send(first.text("slow"));
    first.send(first.text("slow"));
    peer.send(peer.text("hello").subarray(3, 5));
    peer.clock.endTurn();
    peer.clock.advance(59_900);
    expect(peer.told).toEqual([]);
    peer.clock.advance(200);
    expect(peer.told[0]).toBe("fail ERR_MESSAGE_TIMEOUT");
  });
});

describe("those who wait", () => {
  it("cost a turn no more however many they are, and all read on in their order", () => {
    const clock = new SteppedClock();
    let calls = 0;
    const slice = new ReadSlice({
      now: () => clock.now(),
      after: (delay, callback) => clock.after(delay, callback),
      endOfTurn: (callback) =>
        clock.endOfTurn(() => {
          calls++;
          callback();
        }),
    });
    const order: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      const readOn = () => {
        order.push(i);
        clock.advance(0.1);
      };
      slice.wait({ readOn });
    }
    for (let turns = 0; clock.awaited; turns++) {
      expect(turns).toBeLessThan(100);
      calls = 0;
      clock.endTurn();
      expect(calls).toBeLessThan(300);
    }
    expect(order).toEqual(Array.from({ length: 2_000 }, (_, i) => i));
  });
});
