import { describe, expect, it } from "vitest";
import { Backlog } from "../../src/connection/backlog.ts";
import { Engine } from "../../src/connection/engine.ts";
import { Outbox } from "../../src/connection/outbox.ts";
import type { SlowPolicy } from "../../src/internal/send-options.ts";
import { Peer } from "./peer.ts";

const limit = 1_000;

/** Outboxes that share a backlog, each with far more room of its own, and what they dropped. */
function crowd(count: number, policy: SlowPolicy = "close") {
  const backlog = new Backlog(limit);
  const dropped: number[] = [];
  const outboxes = Array.from(
    { length: count },
    () => new Outbox(10 * limit, policy, backlog, (size) => dropped.push(size)),
  );
  return { backlog, dropped, outboxes };
}

/** A message of this size that nobody else is sent. */
function own(size: number): Buffer {
  return Buffer.alloc(size);
}

describe("what waits in all outboxes", () => {
  it("may be as much for one as is left for all others", () => {
    const { backlog, outboxes } = crowd(1);
    for (let i = 0; i < 5; i++) expect(outboxes[0]!.offer(own(100), {})).toBe("kept");
    expect(outboxes[0]!.offer(own(100), {})).toBe("full");
    expect(backlog.held).toBe(500);
  });

  it("never exceeds its limit, however many do not read, and room is left for who comes next", () => {
    const { backlog, outboxes } = crowd(99);
    for (let round = 0; round < 50; round++) for (const each of outboxes) each.offer(own(1), {});
    expect(backlog.held).toBeLessThanOrEqual(limit);
    const fresh = new Outbox(limit, "close", backlog, () => {});
    expect(fresh.offer(own(1), {})).toBe("kept");
  });

  it("stops those first who hold most", () => {
    const { outboxes } = crowd(3);
    const [greedy, ...modest] = outboxes as [Outbox, ...Outbox[]];
    for (let i = 0; i < 4; i++) greedy.offer(own(100), {});
    for (const each of modest) expect(each.offer(own(90), {})).toBe("kept");
    expect(greedy.offer(own(100), {})).toBe("full");
    for (const each of modest) expect(each.offer(own(90), {})).toBe("kept");
  });

  it("takes any one message when nothing else waits", () => {
    const { outboxes } = crowd(2);
    expect(outboxes[0]!.offer(own(5 * limit), {})).toBe("kept");
    expect(outboxes[1]!.offer(own(1), {})).toBe("full");
  });

  it("counts a message once that waits for many", () => {
    const { backlog, outboxes } = crowd(500);
    const news = "x".repeat(100);
    for (const each of outboxes) expect(each.offer(news, {})).toBe("kept");
    expect(backlog.held).toBe(100);
    for (const each of outboxes.slice(1)) backlog.release(each.take()!);
    expect(backlog.held).toBe(100);
    backlog.release(outboxes[0]!.take()!);
    expect(backlog.held).toBe(0);
  });

  it.each(["drop-newest", "drop-oldest", "latest"] as const)(
    "makes an outbox drop before it is full itself (%s)",
    (policy) => {
      const { backlog, dropped, outboxes } = crowd(1, policy);
      for (let i = 0; i < 20; i++) expect(outboxes[0]!.offer(own(100), { key: "k" })).toBe("kept");
      expect(backlog.held).toBe(500);
      expect(dropped).toEqual(Array(15).fill(100));
      outboxes[0]!.clear();
      expect(backlog.held).toBe(0);
    },
  );

  it.each(["drop-newest", "drop-oldest", "latest"] as const)(
    "makes even an empty outbox drop what there is no room for (%s)",
    (policy) => {
      const { dropped, outboxes } = crowd(2, policy);
      outboxes[0]!.offer(own(limit), {});
      expect(outboxes[1]!.offer(own(1), {})).toBe("kept");
      expect(dropped).toEqual([1]);
      expect(outboxes[1]!.length).toBe(0);
    },
  );
});

describe("connections whose peers do not read", () => {
  /** Peers that share so much room, whose transports have just become full. */
  function stalled(count: number, outboxBytes: number): Peer[] {
    const first = new Peer({ outboxBytes });
    const all = [first, ...Array.from({ length: count - 1 }, () => new Peer({ beside: first }))];
    for (const peer of all) {
      peer.transport.shut();
      peer.answer("first");
      peer.connection.flush();
    }
    return all;
  }

  it("are closed with 4008 when what waits for them is more than the server has left", () => {
    const [peer] = stalled(1, 1_000) as [Peer];
    for (let i = 0; i < 6; i++) peer.publish(own(100));
    expect(peer.told.at(-1)).toMatch(/^closed 4008 /);
    expect(peer.engine.backlog.held).toBe(0);
  });

  it("are asked for nothing more when their answers fill a quarter of what is left", () => {
    const [peer] = stalled(1, 1_000) as [Peer];
    peer.answer(own(110));
    expect(peer.connection.paused).toBe(false);
    peer.answer(own(110));
    expect(peer.connection.paused).toBe(true);
    peer.transport.take();
    expect(peer.connection.paused).toBe(false);
    expect(peer.told).toEqual([]);
  });

  it.each(["read", "close", "leave"] as const)("give everything back when they %s", (how) => {
    const peers = stalled(3, 1e9);
    for (const peer of peers) {
      for (const size of [10, 1_000, 400_000, 10]) peer.publish(own(size));
    }
    const { backlog } = peers[0]!.engine;
    expect(backlog.held).toBe(3 * 401_020);
    for (const peer of peers) {
      if (how === "leave") peer.leave();
      if (how === "close") peer.send(peer.close(1000));
      peer.transport.take();
    }
    expect(backlog.held).toBe(0);
  });

  it("give everything back when they leave in the midst of a long message", () => {
    const [peer] = stalled(1, 1e9) as [Peer];
    peer.publish(own(1_000_000));
    peer.transport.take(200_000);
    expect(peer.engine.backlog.held).toBe(1_000_000);
    peer.leave();
    expect(peer.engine.backlog.held).toBe(0);
  });

  it("have 256 MiB together unless a server says otherwise", () => {
    expect(new Engine().backlog.free).toBe(256 * 1024 * 1024);
  });
});
