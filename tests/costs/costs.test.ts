import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { clientFrame } from "../../benchmarks/generator/frame.ts";
import { type Application, type Cost, CountedServer } from "./counted-server.ts";
import { openPeers, textFrames } from "./peers.ts";

/** Calls and bytes are counted by Linux. */
const isCounted = existsSync("/proc/self/io");

/** 16 connections have 16 messages of 32 bytes in flight each. */
async function echo(application: Application): Promise<Cost> {
  const text = "thirty-two bytes of text, in all";
  await using server = await CountedServer.start(application);
  const peers = await openPeers(16, server.port, text.length);
  const frames = textFrames(text, 16);
  const rounds = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round += 1) {
      for (const peer of peers) peer.socket.write(frames);
      await Promise.all(peers.map((peer) => peer.next(16)));
    }
  };
  await rounds(200);
  return await server.cost(100 * 256, () => rounds(100));
}

/** One of 100 members has 4 messages in flight, of 128 bytes, or of 1 KiB and compressed. */
async function broadcast(application: Application, deflate = false): Promise<Cost> {
  const text = "x".repeat(deflate ? 1_024 : 128);
  await using server = await CountedServer.start(application, deflate);
  const peers = await openPeers(100, server.port, text.length, deflate);
  const frames = textFrames(text, 4);
  const rounds = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round += 1) {
      peers[0]?.socket.write(frames);
      await Promise.all(peers.map((peer) => peer.next(4)));
    }
  };
  await rounds(100);
  return await server.cost(50 * 400, () => rounds(50));
}

/** 25 of 100 members say something, all at once, again and again. */
async function chat(application: Application): Promise<Cost> {
  const text = "x".repeat(128);
  await using server = await CountedServer.start(application);
  const peers = await openPeers(100, server.port, text.length);
  const frame = textFrames(text, 1);
  const rounds = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round += 1) {
      for (const peer of peers.slice(0, 25)) peer.socket.write(frame);
      await Promise.all(peers.map((peer) => peer.next(25)));
    }
  };
  await rounds(50);
  return await server.cost(50 * 2_500, () => rounds(50));
}

/** What is seen, and a little more: whoever needs more than that has to say why. */
const bounds = {
  echo: { writes: 1 / 16, bytes: 175 },
  broadcast: { writes: 1 / 4, bytes: 175 },
  deflate: { writes: 1 / 4, bytes: 255 },
  chat: { writes: 1 / 12, bytes: 118 },
};

/** A write now and then wakes the event loop up, and is no message's. */
const stray = 0.01;

function expectWithin(cost: Cost, { writes, bytes }: Cost): void {
  expect(cost.writes).toBeLessThan(writes + stray);
  expect(cost.bytes).toBeLessThan(bytes);
}

describe.skipIf(!isCounted)("for each message the whole stack", () => {
  it("writes once for 16 echoes that came together, and allocates next to nothing", async () => {
    expectWithin(await echo("Echo"), bounds.echo);
  });

  it("writes once to a member for 4 broadcasts that came together", async () => {
    expectWithin(await broadcast("Chat"), bounds.broadcast);
  });

  it("writes once to a member for 4 compressed broadcasts, which are compressed once for all", async () => {
    expectWithin(await broadcast("Chat", true), bounds.deflate);
  });

  it("writes to a member of a chat once for all that was said in a turn", async () => {
    expectWithin(await chat("Chat"), bounds.chat);
  });
});

describe.skipIf(!isCounted)("the counts notice", () => {
  it("one small object more for each echo", async () => {
    const { writes, bytes } = await echo("WastefulEcho");
    expect(writes).toBeLessThan(bounds.echo.writes + stray);
    expect(bytes).toBeGreaterThan(bounds.echo.bytes);
  });

  it("one small object more for each delivery", async () => {
    expect((await broadcast("WastefulChat")).bytes).toBeGreaterThan(bounds.broadcast.bytes);
  });

  it("answers that leave one by one", async () => {
    expect((await echo("HastyEcho")).writes).toBeGreaterThan(0.9);
  });
});

describe.skipIf(!isCounted)("a message of 16 MiB", () => {
  const size = 16 * 1024 * 1024;
  const most = 1.25 * size;

  it("costs at most a quarter more than its size while it is read", async () => {
    await using server = await CountedServer.start("Sink");
    const [peer] = await openPeers(1, server.port, String(size).length);
    const frame = clientFrame(Buffer.alloc(size), 0x37fa213d, { text: false, compressed: false });
    const pieces = Array.from({ length: 32 }, (_, index) =>
      frame.subarray((index * frame.length) / 32, ((index + 1) * frame.length) / 32),
    );
    await server.collect();
    server.forgetPeak();
    const before = server.memory().now;
    for (const piece of pieces) {
      await new Promise((resolve) => peer!.socket.write(piece, resolve));
      // What was read is collected, so that what is held is all that counts.
      await server.collect();
    }
    await peer!.next(1);
    // It was there, as one would hope.
    expect(server.memory().peak - before).toBeGreaterThan(size / 2);
    expect(server.memory().peak - before).toBeLessThan(most);
  });

  it.each(["bytes", "text"] as const)("is copied once at most when %s is sent", async (what) => {
    await using server = await CountedServer.start("Sink");
    const [peer] = await openPeers(1, server.port, size);
    await server.collect();
    server.forgetPeak();
    const before = server.memory().now;
    await server.send(what);
    await peer!.next(1);
    expect(server.memory().peak - before).toBeLessThan(most);
  });
});
