import { describe, expect, it } from "vitest";
import type { Application } from "sluice";
import { RawPeer } from "sluice/testing";
import { Gate } from "./gate.ts";
import { request } from "./request.ts";
import { start } from "./start.ts";

/** A masked text frame; the mask is zero, so the text can be read. */
const text = (payload: string) =>
  `\x81${String.fromCharCode(0x80 | payload.length)}\0\0\0\0${payload}`;

/** Echoes at once, and writes down the order of what it is called for. */
function diarist(diary: string[], opening: () => void | Promise<void>): Application {
  return (_scope, socket) => ({
    async open() {
      diary.push("open");
      await opening();
      diary.push("opened");
    },
    text(message) {
      diary.push(message);
      socket.send(message);
    },
  });
}

async function echoes(peer: RawPeer, count: number): Promise<string[]> {
  expect((await peer.response()).status).toBe(101);
  const texts: string[] = [];
  while (texts.length < count) texts.push((await peer.frame()).payload.toString());
  expect(peer.received).toHaveLength(0);
  peer.socket.destroy();
  return texts;
}

describe("frames in the same segment as the handshake", () => {
  it("are delivered once and in order, when the application accepts at once", async () => {
    const diary: string[] = [];
    const websocket: Application = (_scope, socket) => ({
      open: () => void diary.push("open"),
      text(message) {
        diary.push(message);
        socket.send(message);
      },
    });
    const { port } = await start({ websocket });
    const peer = await RawPeer.connect(port);
    await peer.write(request() + text("one") + text("two"));

    expect(await echoes(peer, 2)).toEqual(["one", "two"]);
    expect(diary).toEqual(["open", "one", "two"]);
  });

  it("wait until the application has accepted, and are answered behind the 101", async () => {
    const diary: string[] = [];
    const [entered, gate] = [new Gate(), new Gate()];
    const opening = () => {
      entered.open();
      return gate.passed;
    };
    const { port } = await start({ websocket: diarist(diary, opening) });
    const peer = await RawPeer.connect(port);
    await peer.write(request() + text("one") + text("two"));
    await entered.passed;
    await peer.write(text("three"));
    expect(peer.received).toHaveLength(0);
    expect(diary).toEqual(["open"]);

    gate.open();
    expect(await echoes(peer, 3)).toEqual(["one", "two", "three"]);
    expect(diary).toEqual(["open", "opened", "one", "two", "three"]);
  });

  it("are dropped, when the application refuses", async () => {
    const diary: string[] = [];
    const websocket: Application = (_scope, socket) => ({
      open: () => socket.reject(401),
      text: (message) => void diary.push(message),
    });
    const { port } = await start({ websocket });
    const peer = await RawPeer.connect(port);
    await peer.write(request() + text("one"));

    expect((await peer.response()).status).toBe(401);
    expect(await peer.end()).toHaveLength(0);
    expect(diary).toEqual([]);
  });

  it.each([
    ["at once", () => {}],
    ["later", () => new Promise<void>((resolve) => setImmediate(resolve))],
  ])(
    "arrive whole wherever the segment is cut, when the application accepts %s",
    async (_, opening) => {
      const diary: string[] = [];
      const { port } = await start({ websocket: diarist(diary, opening) });
      const bytes = request() + text("Hello") + text("there");
      const cuts = Array.from({ length: bytes.length - 1 }, (_unused, at) => at + 1);

      for (let first = 0; first < cuts.length; first += 50) {
        const peers = cuts.slice(first, first + 50).map(async (cut) => {
          const peer = await RawPeer.connect(port);
          await peer.write(bytes.slice(0, cut));
          // The next turn of the loop: the server has read the first part by then, or reads both.
          await new Promise(setImmediate);
          await peer.write(bytes.slice(cut));
          return echoes(peer, 2);
        });
        for (const answer of await Promise.all(peers)) expect(answer).toEqual(["Hello", "there"]);
      }
      expect(diary.filter((entry) => entry === "Hello")).toHaveLength(cuts.length);
    },
  );

  it("arrive whole one byte at a time", async () => {
    const { port } = await start();
    const peer = await RawPeer.connect(port);
    await peer.write(request() + text("Hello") + text("there"), 1);
    expect(await echoes(peer, 2)).toEqual(["Hello", "there"]);
  });

  it("may be many more than are kept while the application connects: reading pauses", async () => {
    const gate = new Gate();
    const { port } = await start({ websocket: diarist([], () => gate.passed) });
    const peer = await RawPeer.connect(port);
    const many = 20_000;
    const sent = peer.write(request() + text("0123456789").repeat(many));

    gate.open();
    await sent;
    expect(await echoes(peer, many)).toHaveLength(many);
  });
});
