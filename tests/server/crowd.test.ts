import { RawPeer, upgradeRequest } from "sluice/testing";
import { describe, expect, it, vi } from "vitest";
import type { Clock } from "../../src/internal/clock.ts";
import { systemClock } from "../../src/internal/clock.ts";
import { start } from "./start.ts";

/** A clock by which everything takes a while: half a millisecond passes whenever it is looked at. */
class SlowClock implements Clock {
  #time = 0;
  /** How often somebody wanted to go on in another turn. */
  turns = 0;
  /** Who is held back from going on. */
  held: (() => void)[] = [];
  holds = false;

  now(): number {
    this.#time += 0.5;
    return this.#time;
  }

  after(delay: number, callback: () => void): () => void {
    return systemClock.after(delay, callback);
  }

  endOfTurn(callback: () => void): void {
    this.turns++;
    if (this.holds) this.held.push(callback);
    else systemClock.endOfTurn(callback);
  }

  /** Lets those go on who were held back. */
  release(): void {
    this.holds = false;
    for (const callback of this.held.splice(0)) callback();
  }
}

describe("a crowd of clients that comes at once", () => {
  it("is let in over several turns of the event loop, and everybody is", async () => {
    const clock = new SlowClock();
    const { port } = await start({ clock });
    const peers = await Promise.all(Array.from({ length: 60 }, () => RawPeer.connect(port)));
    await Promise.all(peers.map((peer) => peer.write(upgradeRequest())));
    for (const peer of peers) expect((await peer.response()).status).toBe(101);
    expect(clock.turns).toBeGreaterThan(0);
    for (const { socket } of peers) socket.destroy();
  });

  it("is refused with 503 when the server closes before it is their turn", async () => {
    const clock = new SlowClock();
    const server = await start({ clock });
    clock.holds = true;
    const peers = await Promise.all(Array.from({ length: 60 }, () => RawPeer.connect(server.port)));
    await Promise.all(peers.map((peer) => peer.write(upgradeRequest())));
    await vi.waitFor(() => expect(clock.held.length).toBeGreaterThan(1));
    const closed = server.close({ timeout: 1_000 });
    clock.release();
    const answers = await Promise.all(peers.map((peer) => peer.response()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([101, 503]));
    for (const { socket } of peers) socket.destroy();
    await closed;
  });

  it("leaves nothing behind when it has left before it is its turn", async () => {
    const clock = new SlowClock();
    const server = await start({ clock, limits: { pendingHandshakes: 60 } });
    clock.holds = true;
    const peers = await Promise.all(Array.from({ length: 60 }, () => RawPeer.connect(server.port)));
    await Promise.all(peers.map((peer) => peer.write(upgradeRequest())));
    await vi.waitFor(() => expect(clock.held.length).toBeGreaterThan(1));
    for (const peer of peers) peer.reset();
    clock.release();
    await vi.waitFor(() => expect(server.connections).toBe(0));
    await vi.waitFor(async () => {
      const peer = await RawPeer.open(server.port);
      peer.socket.destroy();
    });
  });
});
