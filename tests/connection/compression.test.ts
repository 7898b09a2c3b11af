import { deflateRawSync, constants } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Peer, type PeerOptions } from "./peer.ts";

const kib = 1024;
const page = JSON.stringify(Array.from({ length: 30 }, (_, id) => ({ id, name: `item ${id}` })));
const other = page.toUpperCase();
const small = "x".repeat(511);
const limit = "x".repeat(512);

describe("messages on a connection with permessage-deflate (RFC 7692 §7.2.1)", () => {
  it("are compressed from the threshold on, in UTF-8 bytes", () => {
    const peer = agreed();
    for (const text of [small, limit, "é".repeat(255), "é".repeat(256)]) peer.publish(text);
    for (const text of [small, limit]) peer.answer(Buffer.from(text));
    peer.clock.endTurn();
    const kinds = peer.messages().map(({ compressed }) => compressed);
    expect(kinds).toEqual([false, true, false, true, false, true]);
  });

  it("keep their order and their content, answers or not, compressed or not", () => {
    const peer = agreed();
    const sent = [page, "short", other, page, small, limit, other];
    for (const [i, text] of sent.entries()) {
      if (i % 3 === 0) peer.publish(text);
      else peer.answer(text);
    }
    peer.clock.endTurn();
    for (const text of sent) peer.answer(text);
    peer.clock.endTurn();
    expect(peer.messages().map(({ data }) => data)).toEqual([...sent, ...sent]);
  });

  it("are left alone where the sender says so", () => {
    const peer = agreed();
    peer.publish(page, { compress: false });
    peer.publish(page);
    peer.answer(page, { compress: false });
    peer.publish("z".repeat(20 * kib), { compress: false });
    peer.answer("z".repeat(20 * kib), { compress: false });
    peer.clock.endTurn();
    const kinds = peer.messages().map(({ compressed }) => compressed);
    expect(kinds).toEqual([false, true, false, false, false]);
  });

  it("are compressed when they are written, not while they wait", () => {
    const peer = agreed();
    peer.transport.shut();
    peer.publish(page);
    peer.clock.endTurn();
    for (const compress of [true, false]) peer.publish(page, { compress });
    peer.answer(other);
    peer.transport.take();
    const got = peer.messages();
    expect(got.map(({ data }) => data)).toEqual([page, page, page, other]);
    expect(got.map(({ compressed }) => compressed)).toEqual([true, true, false, true]);
  });

  it("are understood when the peer compressed them", () => {
    const peer = agreed();
    peer.send(deflated(peer, page), peer.text("plain"));
    expect(peer.told).toEqual([`text ${page}`, "text plain"]);
  });

  it("that cannot be inflated fail the connection with 1007", () => {
    const peer = agreed();
    peer.send(peer.frame(0x1, Buffer.of(0xff, 0xff, 0xff), true, 4));
    expect(peer.told.at(-1)).toBe("closed 1007 message is not valid DEFLATE: block type 3 unclean");
  });
});

describe("a message to many connections that compress (RFC 7692 §7.1.1)", () => {
  it("is compressed once for all with the same window", () => {
    const peers = crowd(3);
    for (const peer of peers) peer.publish(page);
    const { turn } = peers[0]!.engine;
    const branch = turn.after(undefined, page, 15);
    for (const peer of peers) peer.clock.endTurn();
    for (const peer of peers) {
      expect(peer.transport.writes).toHaveLength(1);
      expect(peer.transport.writes[0]!.equals(branch.joined)).toBe(true);
      expect(peer.messages()).toMatchObject([{ data: page, compressed: true }]);
    }
  });

  it("comes plain to those that agreed on nothing, and each to its own window", () => {
    const [one, two] = crowd(2) as [Peer, Peer];
    const parameters = [["server_max_window_bits", "9"]] as const;
    const narrow = new Peer({ beside: one, offer: { name: "permessage-deflate", parameters } });
    const plain = new Peer({ beside: one, offer: { name: "x-other", parameters: [] } });
    const peers = [one, plain, narrow, two];
    for (const text of [page, other]) for (const peer of peers) peer.publish(text);
    one.clock.endTurn();
    expect(peers.map((peer) => peer.messages().map(({ data }) => data))).toEqual(
      peers.map(() => [page, other]),
    );
    const [, , bytes] = peers.map((peer) => peer.transport.writes[0]!);
    expect(plain.transport.writes[0]![0]).toBe(0x81);
    expect(bytes![0]).toBe(0xc1);
  });

  it("may be compressed for one and not for another", () => {
    const [one, two] = crowd(2) as [Peer, Peer];
    for (const bytes of [false, true]) {
      const data = bytes ? Buffer.from(page) : page;
      one.publish(data);
      two.publish(data, { compress: false });
      one.publish(data);
      two.publish(data);
    }
    one.clock.endTurn();
    const kinds = [one, two].map((peer) => peer.messages().map(({ compressed }) => compressed));
    expect(kinds).toEqual([
      [true, true, true, true],
      [false, true, false, true],
    ]);
  });

  it("does not confuse those who were answered with a context of their own", () => {
    const [one, two] = crowd(2) as [Peer, Peer];
    for (let round = 0; round < 4; round++) {
      one.answer(page);
      one.answer(other);
      for (const peer of [one, two]) peer.publish(page);
      one.answer(page);
      two.answer(other);
      one.clock.endTurn();
    }
    const round = { one: [page, other, page, page], two: [page, other] };
    const times = <T>(list: T[]) => Array.from({ length: 4 }, () => list).flat();
    expect(one.messages().map(({ data }) => data)).toEqual(times(round.one));
    expect(two.messages().map(({ data }) => data)).toEqual(times(round.two));
  });
});

describe("a long message on a connection with permessage-deflate (RFC 7692 §6.1)", () => {
  const long = Array.from({ length: 40_000 }, (_, i) => `line ${(i * 7919) % 10_007}`).join("\n");

  it("is compressed a piece a turn, as fragments", () => {
    const peer = agreed();
    peer.answer("before");
    peer.publish(long);
    peer.publish("after");
    let turns = 0;
    while (peer.clock.awaited && turns < 100) {
      turns += 1;
      peer.clock.endTurn();
    }
    const frames = Math.ceil(Buffer.byteLength(long) / (128 * kib));
    expect(turns).toBeGreaterThanOrEqual(frames - 1);
    const got = peer.messages();
    expect(got.map(({ data }) => data === long || data)).toEqual(["before", true, "after"]);
    expect(got[1]).toMatchObject({ compressed: true, frames });
    expect(got[1]!.size).toBeLessThan(long.length / 2);
  });

  it("is compressed once for all who are sent it in one turn, though they read at their own pace", () => {
    const peers = crowd(3);
    peers[1]!.transport.take(10);
    const data = Buffer.from(long);
    for (const peer of peers) peer.publish(data);
    const shared = peers[0]!.engine.turn.long(data, 15);
    const piece = shared.piece(0);
    data.fill(0);
    for (let turn = 0; turn < 10; turn++) peers[0]!.clock.endTurn();
    expect(shared.piece(0) === piece).toBe(true);
    peers[1]!.transport.take();
    for (let turn = 0; turn < 10; turn++) peers[0]!.clock.endTurn();
    for (const peer of peers) {
      expect(peer.messages().map((message) => message.data.toString() === long)).toEqual([true]);
      expect(peer.connection.bufferedAmount).toBe(0);
    }
  });

  it("lets control frames in between (RFC 6455 §5.4)", () => {
    const peer = agreed();
    peer.publish(long);
    peer.send(peer.ping("now"));
    peer.connection.ping();
    peer.clock.endTurn();
    const opcodes = peer.transport.writes.map(([first]) => first! & 15);
    expect(opcodes.indexOf(0xa)).toBeLessThan(opcodes.lastIndexOf(0));
    for (let turn = 0; turn < 10; turn++) peer.clock.endTurn();
    expect(peer.messages()).toHaveLength(1);
  });

  it("is given up when the connection fails, and counts as dropped", () => {
    const peer = agreed();
    peer.publish(long);
    peer.send(peer.frame(0x3));
    for (let turn = 0; turn < 10; turn++) peer.clock.endTurn();
    expect(peer.messages()).toEqual([]);
    expect(peer.told).toContain(`drop ${Buffer.byteLength(long)} closed`);
    expect(peer.transport.writes.at(-1)![0]).toBe(0x88);
  });

  it("comes before the close frame that was sent behind it", () => {
    const peer = agreed();
    peer.publish(long);
    peer.connection.close(1000);
    for (let turn = 0; turn < 10; turn++) peer.clock.endTurn();
    expect(peer.messages()).toHaveLength(1);
    expect(peer.transport.writes.at(-1)![0]).toBe(0x88);
  });
});

function agreed(options: PeerOptions = {}): Peer {
  return new Peer({ compression: {}, ...options });
}

function crowd(count: number): Peer[] {
  const first = agreed();
  return [first, ...Array.from({ length: count - 1 }, () => new Peer({ beside: first }))];
}

/** A text message as a client compresses it. */
function deflated(peer: Peer, text: string): Buffer {
  const bytes = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
  return peer.frame(0x1, bytes.subarray(0, -4), true, 4);
}
