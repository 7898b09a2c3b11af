import type { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connect } from "sluice";
import { FakeClock } from "sluice/testing";
import { type Message, MessageQueue } from "../../src/connect/message-queue.ts";
import { writeFrame } from "../../compliance/frame.ts";
import { rawServer, switching } from "./raw-server.ts";
import { connected, start } from "./start.ts";

const text = (payload: string) =>
  writeFrame({ opcode: 1, fin: true, rsv: 0, payload: Buffer.from(payload) });

describe("messages that nobody takes", () => {
  it("pause reading at a bound, so that the server has to wait, and none is lost", async () => {
    const payload = "x".repeat(64 * 1024);
    const count = 1000;
    let sent = 0;
    const server: Socket[] = [];
    const url = await rawServer(({ socket, key }) => {
      server.push(socket);
      socket.write(switching(key));
      const more = () => {
        while (sent < count) if (!socket.write(text(`${sent++} ${payload}`))) return;
        socket.end(writeFrame({ opcode: 8, fin: true, rsv: 0, payload: Buffer.of(3, 232) }));
      };
      socket.on("drain", more);
      more();
    });
    const socket = await connect(url, { limits: { mailboxSize: 256 * 1024 } });
    // The server is stuck when a while passes in which it could write nothing.
    const [peer] = server;
    let before = -1;
    while (sent !== before || peer!.writableLength === 0) {
      before = sent;
      for (let turns = 0; turns < 50; turns++) await new Promise((done) => setImmediate(done));
    }
    expect(sent).toBeLessThan(count / 2);
    let taken = 0;
    for await (const message of socket) expect(message).toBe(`${taken++} ${payload}`);
    expect(taken).toBe(count);
    expect(await socket.closed).toMatchObject({ code: 1000, clean: true });
  });

  it("are all there, however few may wait, and whoever takes them in between", async () => {
    const count = 5000;
    const server = await start({
      websocket: (_scope, socket) => ({
        open() {
          socket.accept();
          for (let at = 0; at < count; at++) socket.send(`${at}`);
          socket.close(1000);
        },
      }),
    });
    const socket = await connect(server.webSocketUrl, { limits: { mailboxMessages: 3 } });
    for (let at = 0; at < count; at++) expect(await socket.receive()).toBe(`${at}`);
    expect(await socket.receive()).toBeUndefined();
  });

  it("wait for pauseTimeout, then the connection is given up; what came can be taken", async () => {
    const clock = new FakeClock();
    const url = await rawServer(({ socket, key }) => {
      socket.write(switching(key));
      socket.write(Buffer.concat([text("one"), text("two"), text("three")]));
    });
    const limits = { mailboxMessages: 2, pauseTimeout: 30_000 };
    const socket = await connect(url, { clock, limits });
    expect(await socket.receive()).toBe("one");
    clock.advance(30_050);
    expect(await socket.closed).toMatchObject({
      code: 1013,
      reason: "reading was paused for more than 30000 ms",
      clean: false,
    });
    expect(await socket.receive()).toBe("two");
  });

  it("are forgotten by close(), which reads on for the server's close frame", async () => {
    const server = await start({
      websocket: (_scope, socket) => ({
        open() {
          socket.accept();
          for (let at = 0; at < 100; at++) socket.send(`${at}`);
        },
      }),
    });
    const socket = await connect(server.webSocketUrl, { limits: { mailboxMessages: 2 } });
    expect(await socket.receive()).toBe("0");
    socket.close(1000);
    expect(await socket.closed).toMatchObject({ code: 1000, clean: true });
  });
});

describe("several who take messages", () => {
  it("get one each, in the order in which they asked", async () => {
    const server = await start();
    const socket = await connected(server.webSocketUrl);
    const taken = Promise.all([socket.receive(), socket.receive(), socket.receive()]);
    socket.send("one");
    socket.send("two");
    socket.send("three");
    expect(await taken).toEqual(["one", "two", "three"]);
  });

  it("are all told of the end", async () => {
    const server = await start();
    const socket = await connected(server.webSocketUrl);
    const taken = Promise.all([socket.receive(), socket.receive()]);
    socket.close();
    expect(await taken).toEqual([undefined, undefined]);
  });
});

describe("messages for a server that does not read", () => {
  const payload = "x".repeat(256 * 1024);

  /** A server that shakes hands and reads nothing more until it is told to. */
  async function deaf(): Promise<{ url: string; sockets: Socket[] }> {
    const sockets: Socket[] = [];
    const url = await rawServer(({ socket, key }) => {
      socket.pause();
      sockets.push(socket);
      socket.write(switching(key));
    });
    return { url, sockets };
  }

  it("are bounded: the connection is closed with 4008", async () => {
    const { url } = await deaf();
    const socket = await connect(url);
    for (let sent = 0; sent < 200; sent++) socket.send(payload);
    expect(await socket.closed).toMatchObject({
      code: 4008,
      reason: "more than 2097152 bytes wait for a slow reader",
      clean: false,
    });
    expect(socket.dropped).toBeGreaterThan(0);
  });

  it("are dropped and counted, if the caller says so", async () => {
    const { url, sockets } = await deaf();
    const socket = await connected(url, { slow: "drop-newest" });
    for (let sent = 0; sent < 200; sent++) socket.send(payload);
    const { dropped } = socket;
    expect(dropped).toBeGreaterThan(100);
    expect(socket.bufferedAmount).toBeGreaterThan(payload.length);
    sockets[0]!.resume();
    await socket.drained();
    expect(socket.bufferedAmount).toBe(0);
    expect(socket.dropped).toBe(dropped);
  });

  it("all arrive, if the caller waits for room", async () => {
    const { url, sockets } = await deaf();
    const socket = await connect(url);
    let bytes = 0;
    sockets[0]!.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    sockets[0]!.resume();
    for (let sent = 0; sent < 100; sent++) {
      socket.send(payload);
      await socket.drained();
    }
    socket.close();
    const expected = 100 * (payload.length + 14) + 6;
    await expect.poll(() => bytes).toBe(expected);
    expect(socket.dropped).toBe(0);
    sockets[0]!.end();
  });
});

describe("a queue of messages", () => {
  it("does what an array does, and says when it is full and when there is room", async () => {
    const step = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.uint8Array({ maxLength: 6 }),
      fc.constant("take" as const),
      fc.constant("take" as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
        let full = false;
        const limits = { mailboxMessages: 5, mailboxSize: 20 };
        const queue = new MessageQueue(
          {
            full: () => void (full = true),
            room: () => void (full = false),
          },
          limits,
        );
        const model: Message[] = [];
        const weight = () => model.reduce((sum, message) => sum + message.length, 0);
        for (const each of steps) {
          if (each !== "take") {
            queue.put(each);
            model.push(each);
          } else if (model.length > 0) {
            expect(await queue.take()).toEqual({ done: false, value: model.shift() });
          }
          if (model.length >= 5 || weight() >= 20) expect(full).toBe(true);
          if (model.length * 2 < 5 && weight() * 2 < 20) expect(full).toBe(false);
        }
        queue.end();
        for (const message of model) {
          expect(await queue.take()).toEqual({ done: false, value: message });
        }
        expect(await queue.take()).toEqual({ done: true, value: undefined });
      }),
      { numRuns: 200 },
    );
  });

  it("lets go of what was taken, though it never was empty", async () => {
    const queue = new MessageQueue(
      { full() {}, room() {} },
      { mailboxMessages: 1e9, mailboxSize: 1e9 },
    );
    queue.put("first");
    for (let at = 0; at < 10_000; at++) {
      queue.put(`${at}`);
      await queue.take();
    }
    expect(await queue.take()).toEqual({ done: false, value: "9999" });
  });
});

describe("a server that says much and hangs up at once", () => {
  it("is heard to the end, however slowly its messages are taken", async () => {
    const url = await rawServer(({ socket, key }) => {
      const texts = Array.from({ length: 100 }, (_unused, at) => text(`${at}`));
      const close = writeFrame({ opcode: 8, fin: true, rsv: 0, payload: Buffer.of(3, 232) });
      socket.write(switching(key));
      socket.end(Buffer.concat([...texts, close]));
    });
    const socket = await connect(url, { limits: { mailboxMessages: 2 } });
    let taken = 0;
    for await (const message of socket) {
      expect(message).toBe(`${taken++}`);
      // The end of TCP may be noticed meanwhile.
      for (let turns = 0; turns < 3; turns++) await new Promise((done) => setImmediate(done));
    }
    expect(taken).toBe(100);
    expect(await socket.closed).toMatchObject({ code: 1000, clean: true });
  });
});
