import { constants, deflateRawSync } from "node:zlib";
import { Pause } from "../../src/connection/connection.ts";
import { describe, expect, it } from "vitest";
import { Peer } from "./peer.ts";

const long = "x".repeat(100_000);
const work = { workPerTurn: 10_000 };

describe("a message that takes more than a turn's work to inflate", () => {
  it("is delivered turns later, and what follows it behind it", () => {
    const peer = agreed();
    peer.send(deflated(peer, long), peer.text("after"), peer.ping("p"));
    expect(peer.told).toEqual([]);
    expect(peer.transport.paused).toBe(true);
    expect(turns(peer)).toBeGreaterThan(5);
    expect(peer.told).toEqual([`text ${long}`, "text after"]);
    expect(peer.received()).toEqual(["pong p"]);
    expect(peer.transport.paused).toBe(false);
    expect(peer.clock.awaited).toBe(false);
  });

  it("is answered like any other", () => {
    const peer = agreed();
    peer.handler = () => peer.answer("got it");
    peer.send(deflated(peer, long));
    turns(peer);
    expect(peer.received()).toEqual(["text got it"]);
  });

  it("shares the work of a turn with the others, first come, first served", () => {
    const one = agreed();
    const two = new Peer({ beside: one });
    two.send(deflated(two, long));
    one.send(deflated(one, long));
    const order: string[] = [];
    one.handler = () => order.push("one");
    two.handler = () => order.push("two");
    const both = turns(one);
    expect(order).toEqual(["two", "one"]);
    const single = agreed();
    single.send(deflated(single, long));
    expect(both).toBeGreaterThan(turns(single) * 1.5);
  });

  it("waits while the application reads nothing, and costs nothing meanwhile", () => {
    const peer = agreed();
    peer.send(deflated(peer, long), peer.text("after"));
    peer.clock.endTurn();
    peer.connection.pause(Pause.application);
    turns(peer);
    expect(peer.clock.awaited).toBe(false);
    expect(peer.told).toEqual([]);
    peer.connection.resume(Pause.application);
    expect(peer.told).toEqual([]);
    turns(peer);
    expect(peer.told).toEqual([`text ${long}`, "text after"]);
  });

  it("may pause and close its connection when it is delivered", () => {
    const pausing = agreed();
    pausing.handler = () => pausing.connection.pause(Pause.application);
    pausing.send(deflated(pausing, long), pausing.text("after"));
    turns(pausing);
    expect(pausing.told).toEqual([`text ${long}`]);
    pausing.connection.resume(Pause.application);
    expect(pausing.told).toEqual([`text ${long}`, "text after"]);

    const closing = agreed();
    closing.handler = () => closing.connection.close(1000);
    closing.send(deflated(closing, long), closing.text("after"), closing.close(1000));
    turns(closing);
    expect(closing.told).toEqual([`text ${long}`, "closed 1000 clean"]);
  });

  it("is given up when the connection is closed, or gone", () => {
    const closed = agreed();
    closed.send(deflated(closed, long), closed.close(1000));
    closed.connection.close(4000);
    turns(closed);
    expect(closed.told).toEqual(["closed 4000 clean"]);

    const gone = agreed();
    gone.send(deflated(gone, long));
    gone.leave();
    turns(gone);
    expect(gone.told).toEqual(["closed 1006 unclean", "gone"]);
    expect(gone.engine.budget.held).toBe(0);
    expect(gone.engine.deflate!.reserved).toBe(0);
  });
});

describe("many messages that blow up, in one chunk", () => {
  it("take as many turns as one long one", () => {
    const peer = agreed();
    const small = deflated(peer, "y".repeat(5_000));
    peer.send(...Array.from({ length: 40 }, () => small));
    expect(peer.told.length).toBeLessThan(10);
    expect(turns(peer)).toBeGreaterThan(10);
    expect(peer.told).toHaveLength(40);
  });
});

describe("a connection that was quiet for long", () => {
  it("gives back the memory of what it sends, and goes on without that context", () => {
    const page = JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id })));
    const peer = new Peer({ compression: {}, limits: { pingInterval: 1000, pingTimeout: 1000 } });
    const { deflate } = peer.engine;
    const atFirst = deflate!.reserved;
    peer.answer(page);
    expect(deflate!.reserved).toBeGreaterThan(atFirst);
    peer.clock.advance(1100);
    expect(deflate!.reserved).toBe(atFirst);
    peer.send(peer.pong());
    peer.answer(page);
    peer.clock.endTurn();
    expect(peer.messages().map(({ data }) => data)).toEqual([page, page]);
  });
});

function agreed(): Peer {
  return new Peer({ compression: work });
}

/** A text message as a client compresses it. */
function deflated(peer: Peer, text: string): Buffer {
  const bytes = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
  return peer.frame(0x1, bytes.subarray(0, -4), true, 4);
}

/** Goes on until nobody waits for another turn; returns how many there were. */
function turns(peer: Peer): number {
  let count = 0;
  while (peer.clock.awaited && count < 1000) {
    count += 1;
    peer.clock.endTurn();
  }
  return count;
}
