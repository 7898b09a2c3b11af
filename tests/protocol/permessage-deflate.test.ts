import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../src/errors.ts";
import type { CompressionOptions } from "../../src/protocol/compression-options.ts";
import { DeflateShare } from "../../src/protocol/deflate-share.ts";
import type { Extension } from "../../src/protocol/extension.ts";
import { PermessageDeflate } from "../../src/protocol/permessage-deflate.ts";
import { messages, zlibDeflated, zlibInflated } from "./deflate-octets.ts";

const direction = fc.record({
  windowBits: fc.integer({ min: 8, max: 15 }),
  contextTakeover: fc.boolean(),
});
const wide = { windowBits: 15, contextTakeover: true };
const alone = { windowBits: 15, contextTakeover: false };

/** Two ends of one connection, each with a share of its own. */
function pair(up = wide, down = wide, options: CompressionOptions = {}) {
  const ends = [
    [up, down],
    [down, up],
  ] as const;
  const [client, server] = ends.map(([sending, receiving]) => {
    const share = new DeflateShare({ threshold: 0, ...options });
    if (receiving.contextTakeover) share.oblige(2 ** receiving.windowBits);
    return { share, extension: new PermessageDeflate(share, sending, receiving) };
  });
  return { client: client!, server: server! };
}

/** Decodes to the end, with a new turn whenever the work is used up. */
function decoded(
  { share, extension }: { share: DeflateShare; extension: Extension },
  payload: Uint8Array,
  maxSize = 2 ** 24,
): { outcome: Uint8Array | ProtocolError; turns: number } {
  let outcome = extension.decode(payload, maxSize);
  let turns = 1;
  for (; outcome === undefined; turns++) {
    if (turns > 100_000) throw new Error("it does not end");
    share.refill();
    outcome = extension.decodeOn();
  }
  return { outcome, turns };
}

const text = (size: number) =>
  Buffer.from(
    Array.from({ length: size / 8 }, (_, at) => `${(at * 7919) % 9973},abc`)
      .join("")
      .slice(0, size),
  );

describe("messages that two ends of permessage-deflate exchange (RFC 7692 §7.2)", () => {
  it("arrive as they were, whatever was agreed on", () => {
    const list = fc.array(fc.tuple(fc.boolean(), messages), { maxLength: 15 });
    fc.assert(
      fc.property(
        list,
        direction,
        direction,
        fc.integer({ min: 1, max: 9999 }),
        (all, up, down, workPerTurn) => {
          const { client, server } = pair(up, down, { workPerTurn });
          for (const [upwards, message] of all) {
            const [from, to] = upwards ? [client, server] : [server, client];
            const payload = from.extension.encode(message);
            // What is sent as it is does not pass through the peer's extension.
            if (payload === undefined) continue;
            expect(payload.length).toBeLessThan(message.length);
            expect(Buffer.compare(decoded(to, payload).outcome as Buffer, message)).toBe(0);
          }
          for (const { share, extension } of [client, server]) {
            extension.dispose();
            extension.dispose();
            expect(share.reserved).toBe(0);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("own RSV1", () => {
    expect(pair().client.extension.rsv).toBe(4);
  });

  it("are sent as they are below the threshold, and when nothing is saved", () => {
    const { extension } = pair(wide, wide, { threshold: 100 }).client;
    expect(extension.encode(Buffer.alloc(99))).toBeUndefined();
    expect(extension.encode(Buffer.alloc(100))).toBeDefined();
    const noise = Buffer.from(
      Array.from({ length: 200 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24),
    );
    expect(extension.encode(noise)).toBeUndefined();
  });

  it("begin afresh after one that was compressed for all (forget)", () => {
    const { client, server } = pair();
    const message = text(2000);
    for (let round = 0; round < 3; round++) {
      const own = server.extension.encode(message)!;
      expect(decoded(client, own).outcome).toEqual(message);
      const shared = server.share.compress(message, server.extension.windowBits);
      server.extension.forget();
      expect(decoded(client, shared).outcome).toEqual(message);
    }
  });

  it("are compressed without context if there is no room for one", () => {
    const { client, server } = pair(alone, wide, { memory: 4000 });
    for (let round = 0; round < 3; round++) {
      const payload = server.extension.encode(text(3000))!;
      expect(zlibInflated(payload)).toEqual(text(3000));
      expect(decoded(client, payload).outcome).toEqual(text(3000));
    }
    expect(server.share.reserved).toBe(0);
  });

  it("give the memory of a quiet connection back (release)", () => {
    const { client, server } = pair();
    const held = server.share.reserved;
    const first = server.extension.encode(text(3000))!;
    expect(server.share.reserved).toBeGreaterThan(held);
    server.extension.release();
    expect(server.share.reserved).toBe(held);
    const again = server.extension.encode(text(3000))!;
    expect(again).toEqual(first);
    for (const payload of [first, again])
      expect(decoded(client, payload).outcome).toEqual(text(3000));
  });

  it("may forget and release nothing, without context", () => {
    const { server } = pair(alone, alone);
    const first = server.extension.encode(text(1000));
    server.extension.forget();
    server.extension.release();
    expect(server.extension.encode(text(1000))).toEqual(first);
    expect(server.share.reserved).toBe(0);
  });

  it.each([
    ["with context", wide],
    ["without", alone],
  ])("may be sent in parts, each of which ends at an octet: %s", (_, agreed) => {
    const { client, server } = pair(agreed, agreed);
    for (let round = 0; round < 2; round++) {
      const message = text(100_000);
      const parts: Uint8Array[] = [];
      for (let at = 0; at < message.length; at += 30_000) {
        const part = message.subarray(at, at + 30_000);
        parts.push(server.extension.encodePart(part, at + 30_000 >= message.length));
      }
      const payload = Buffer.concat(parts);
      expect(payload.length).toBeLessThan(message.length / 2);
      expect(Buffer.compare(decoded(client, payload).outcome as Buffer, message)).toBe(0);
    }
  });
});

describe("the work of one turn", () => {
  it("is shared by all connections: who comes late waits for the next turn", () => {
    const share = new DeflateShare({ workPerTurn: 50_000 });
    const [first, second] = [0, 1].map(() => new PermessageDeflate(share, alone, alone));
    const message = Buffer.alloc(120_000, "ab");
    const payload = zlibDeflated(message);
    expect(first!.decode(payload, 2 ** 20)).toBeUndefined();
    expect(share.work).toBeLessThanOrEqual(0);
    expect(second!.decode(payload, 2 ** 20)).toBeUndefined();
    expect(second!.decodeOn()).toBeUndefined();
    const outcomes: unknown[] = [];
    for (let turn = 0; turn < 10 && outcomes.length < 2; turn++) {
      share.refill();
      for (const extension of [first!, second!]) {
        if (turn > 0 && outcomes.length > 0 && extension === first) continue;
        const outcome = extension.decodeOn();
        if (outcome !== undefined) outcomes.push(outcome);
      }
    }
    expect(outcomes).toHaveLength(2);
    for (const outcome of outcomes) expect(Buffer.compare(outcome as Buffer, message)).toBe(0);
  });

  it("bounds a bomb: it is many turns, and then 1009", () => {
    const { server } = pair(wide, wide, { workPerTurn: 10_000 });
    const bomb = zlibDeflated(Buffer.alloc(2 ** 22));
    const { outcome, turns } = decoded(server, bomb, 2 ** 20);
    expect(outcome).toMatchObject({ code: "ERR_MESSAGE_TOO_BIG", closeCode: 1009 });
    expect(turns).toBeGreaterThan(90);
  });

  it("is fresh until something is inflated, and once more was allowed", () => {
    const { client, server } = pair(alone, alone, { workPerTurn: 100 });
    expect(server.share.isFresh).toBe(true);
    server.extension.decode(client.extension.encodePart(Buffer.alloc(500), true), 1000);
    expect(server.share.isFresh).toBe(false);
    server.share.refill();
    expect(server.share.isFresh).toBe(true);
    server.extension.dispose();
  });

  it("may end in the middle: what was begun is given up", () => {
    const { server } = pair(wide, wide, { workPerTurn: 1000 });
    expect(server.extension.decode(zlibDeflated(Buffer.alloc(99_999)), 2 ** 20)).toBeUndefined();
    server.extension.dispose();
    expect(server.share.reserved).toBe(0);
    const other = new PermessageDeflate(server.share, alone, alone);
    const share = server.share;
    const hello = zlibDeflated(Buffer.from("Hello"));
    expect(decoded({ share, extension: other }, hello).outcome).toEqual(Buffer.from("Hello"));
  });
});

describe("a payload that is no DEFLATE", () => {
  it("is corrupt: 1007", () => {
    const { server } = pair();
    const { outcome } = decoded(server, Uint8Array.of(0x07));
    expect(outcome).toBeInstanceOf(ProtocolError);
    expect(outcome).toMatchObject({ code: "ERR_FRAME_EXTENSION", closeCode: 1007 });
  });

  it("is one that looks back at a context that was not agreed on", () => {
    const { client, server } = pair(alone, alone);
    const message = text(600);
    const payload = zlibDeflated(message, { dictionary: message });
    expect(decoded(client, server.extension.encode(message)!).outcome).toEqual(message);
    expect(decoded(client, payload).outcome).toMatchObject({ closeCode: 1007 });
  });
});
