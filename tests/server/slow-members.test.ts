import { type HistoryRule, memoryLayer, type SlowPolicy, WebSocketConsumer } from "sluice";
import { liveServer, RawPeer } from "sluice/testing";
import { expect, describe, test } from "vitest";
import { LayerReader } from "../../src/testing/layer-reader.ts";
import { messages, published } from "./published.ts";

const count = 1_000;
/** More than what the operating system buffers between two sockets, in all. */
const padding = "x".repeat(16_384);
const outboxSize = 65_536;
/** The one message that has a key of its own. */
const flash = 900;

/** One peer that does not read, and 999 members that do, in a group that is sent 16 MiB. */
async function flood(policy: SlowPolicy, history: readonly HistoryRule[] = []) {
  const events = published();
  class Ticker extends WebSocketConsumer {
    static override readonly slow = policy;
    override async connect() {
      await this.join("ticks");
    }
    "tick.came"({ number }: { readonly number: number }) {
      this.send(`${number} ${padding}`, { key: number === flash ? "flash" : "tick" });
    }
    override gap() {
      this.send("gap");
    }
  }
  const layer = memoryLayer({ history });
  const server = await liveServer({ websocket: Ticker, layer, limits: { outboxSize } });
  const peer = await RawPeer.open(Number(server.port));
  peer.socket.pause();
  const others = Array.from({ length: 999 }, () => new LayerReader(layer));
  for (const { channel } of others) await layer.join("ticks", channel);

  for (let number = 0; number < count; number += 1) {
    await layer.groupSend("ticks", { type: "tick.came", number });
    // The network has its turns, too.
    if (number % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  const numbers = Array.from({ length: count }, (_, number) => number);
  const complete = others.filter(({ messages: got }) => got.length === count);
  expect(complete).toHaveLength(999);
  expect(others[0]!.messages.map(({ number }) => number)).toEqual(numbers);
  return { server, peer, layer, numbers, dropped: () => messages(events, "sluice:message.drop") };
}

/** What the peer gets once it reads again: numbers, other texts, and a close code. */
async function heard(peer: RawPeer, until: (last: number | string) => boolean) {
  peer.socket.resume();
  const got: (number | string)[] = [];
  for (;;) {
    const { opcode, payload } = await peer.frame();
    if (opcode === 9) continue;
    const text = payload.toString().replace(/ x*$/, "");
    got.push(opcode === 8 ? `close ${payload.readUInt16BE()}` : /^\d+$/.test(text) ? +text : text);
    if (until(got.at(-1)!)) return got;
  }
}

const isLast = (number: number | string): boolean => number === count - 1;

/** How many numbers come in their order from 0, before something else does. */
function unbroken(got: readonly (number | string)[]): number {
  const end = got.findIndex((number, index) => number !== index);
  return end < 0 ? got.length : end;
}

describe("a peer that does not read, in a group of 1 000", () => {
  test("with close is closed with 4008 past what waits; the others notice nothing", async () => {
    const { server, peer, dropped } = await flood("close");
    await using _ = server;
    const got = await heard(peer, (last) => typeof last === "string");
    expect(got.at(-1)).toBe("close 4008");
    expect(unbroken(got)).toBe(got.length - 1);
    expect(got.length).toBeLessThan(count);
    expect(dropped().length).toBeGreaterThan(0);
  }, 30_000);

  test("with drop-newest keeps what came first, and each drop is counted", async () => {
    const { server, peer, layer, dropped } = await flood("drop-newest");
    await using _ = server;
    const drops = dropped().length;
    peer.socket.resume();
    const first = await heard(peer, (last) => last === count - drops - 1);
    expect(first).toHaveLength(count - drops);
    expect(unbroken(first)).toBe(count - drops);
    expect(drops).toBeGreaterThan(0);
    await layer.groupSend("ticks", { type: "tick.came", number: count });
    expect(await heard(peer, () => true)).toEqual([count]);
  }, 30_000);

  test("with drop-oldest has the newest in the end, and each drop is counted", async () => {
    const { server, peer, numbers, dropped } = await flood("drop-oldest");
    await using _ = server;
    const got = await heard(peer, isLast);
    expect(got.length + dropped().length).toBe(count);
    const newest = got.slice(unbroken(got));
    expect(newest.length).toBeGreaterThan(0);
    expect(newest).toEqual(numbers.slice(-newest.length));
  }, 30_000);

  test("with latest has the newest of each key in the end, however old that is", async () => {
    const { server, peer, numbers, dropped } = await flood("latest");
    await using _ = server;
    const got = await heard(peer, isLast);
    expect(got.length + dropped().length).toBe(count);
    const newest = got.slice(unbroken(got));
    expect(newest[0]).toBe(flash);
    expect(newest.slice(1)).toEqual(numbers.slice(1 - newest.length));
  }, 30_000);

  test("with close and a history is caught up once it reads: nothing is lost or comes twice", async () => {
    const history = [{ groups: "*", size: 2_000, bytes: 2 ** 26 }];
    const { server, peer, layer, numbers, dropped } = await flood("close", history);
    await using _ = server;
    expect(await heard(peer, isLast)).toEqual(numbers);
    await layer.groupSend("ticks", { type: "tick.came", number: count });
    expect(await heard(peer, () => true)).toEqual([count]);
    expect(dropped()).toEqual([]);
  }, 30_000);

  test("with close and a history that is too short hears of the gap, and goes on", async () => {
    const { server, peer, layer, dropped } = await flood("close", [{ groups: "*", size: 5 }]);
    await using _ = server;
    const got = await heard(peer, (last) => last === "gap");
    expect(unbroken(got)).toBe(got.length - 1);
    await layer.groupSend("ticks", { type: "tick.came", number: count });
    expect(await heard(peer, () => true)).toEqual([count]);
    expect(dropped()).toEqual([]);
  }, 30_000);
});
