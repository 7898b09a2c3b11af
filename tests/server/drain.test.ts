import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Application, attach, serve, silentLogger, WebSocketConsumer } from "sluice";
import { FakeClock, RawPeer } from "sluice/testing";
import { Gate } from "./gate.ts";
import { Journal } from "./journal.ts";
import { request, status } from "./request.ts";
import { echo, listen, start } from "./start.ts";

/** Whether a promise is settled, after everything that is due now has been done. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  for (let i = 0; i < 5; i++) await turn();
  return settled;
}

/** The code and the reason of the next frame, which has to be a close frame. */
async function closeFrame(peer: RawPeer): Promise<[number, string]> {
  const { opcode, payload } = await peer.frame();
  expect(opcode).toBe(8);
  return [payload.readUInt16BE(), payload.toString("utf8", 2)];
}

/** Answers the server's close frame. */
const answerClose = (peer: RawPeer, code = 1012) =>
  peer.send(8, Buffer.from([code >> 8, code & 255]));

/** An application that never has done with a message, and when it begins with one. */
function neverEnding(): { begun: Gate; hanging: Application } {
  const begun = new Gate();
  const text = () => {
    begun.open();
    return new Promise<never>(() => {});
  };
  return { begun, hanging: () => ({ text }) };
}

describe("a server that drains", () => {
  it("asks its clients to come back: 1012", async () => {
    const server = await start();
    const peer = await RawPeer.open(server.port);
    const closed = server.close();
    expect(await closeFrame(peer)).toEqual([1012, ""]);
    expect(await isSettled(closed)).toBe(false);
    await answerClose(peer);
    await closed;
    expect(await peer.end()).toHaveLength(0);
    await expect(RawPeer.connect(server.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("says another code and a reason, if it is told to", async () => {
    const server = await start();
    const peer = await RawPeer.open(server.port);
    const closed = server.close({ code: 4000, reason: "new version" });
    expect(await closeFrame(peer)).toEqual([4000, "new version"]);
    await answerClose(peer, 4000);
    await closed;
  });

  it("sends first what was sent before", async () => {
    const server = await start();
    const peer = await RawPeer.open(server.port);
    await peer.send(1, "hello");
    expect((await peer.frame()).payload.toString()).toBe("hello");
    const closed = server.close();
    await closeFrame(peer);
    await answerClose(peer);
    await closed;
  });

  it("refuses new handshakes with 503, and those that still wait for their answer", async () => {
    const gate = new Gate();
    const entered = new Gate();
    const parted: string[] = [];
    class Slow extends WebSocketConsumer {
      override async connect() {
        if (this.scope.path === "/slow/") {
          entered.open();
          await gate.passed;
        }
      }
      override disconnect(code: number) {
        parted.push(`${this.scope.path} ${code} ${this.accepted}`);
      }
    }
    const server = await start({ websocket: Slow });
    const [open, waiting] = [await RawPeer.open(server.port), await RawPeer.connect(server.port)];
    await waiting.write(request({}, "GET /slow/ HTTP/1.1"));
    await entered.passed;

    const closed = server.close();
    const early = await waiting.response();
    expect([early.status, early.headers.get("retry-after")]).toEqual([503, "1"]);
    const late = await RawPeer.connect(server.port);
    await late.write(request());
    const refused = await late.response();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);

    await closeFrame(open);
    await answerClose(open);
    expect(await isSettled(closed)).toBe(false);
    gate.open();
    await closed;
    expect(parted.sort()).toEqual(["/ 1012 true", "/slow/ 1006 false"]);
  });

  it("closes many connections in batches, 50 ms apart", async () => {
    const clock = new FakeClock();
    const server = await start({ clock });
    const peers = await Promise.all(Array.from({ length: 250 }, () => RawPeer.open(server.port)));
    const asked = async () => {
      for (let i = 0; i < 20; i++) await turn();
      return peers.filter((peer) => peer.received.length > 0).length;
    };

    const closed = server.close();
    expect(await asked()).toBe(100);
    clock.advance(49);
    expect(await asked()).toBe(100);
    clock.advance(1);
    expect(await asked()).toBe(200);
    clock.advance(50);
    expect(await asked()).toBe(250);
    await Promise.all(peers.map((peer) => answerClose(peer)));
    await closed;
  });

  it("waits for handlers and for disconnect", async () => {
    const [begun, work, parting] = [new Gate(), new Gate(), new Gate()];
    const diary: string[] = [];
    const websocket: Application = () => ({
      async text(message) {
        diary.push(message);
        begun.open();
        await work.passed;
        diary.push("done");
      },
      async disconnect(code) {
        diary.push(`disconnect ${code}`);
        await parting.passed;
        diary.push("parted");
      },
    });
    const server = await start({ websocket });
    const peer = await RawPeer.open(server.port);
    await peer.send(1, "work");
    await begun.passed;
    const closed = server.close();
    await closeFrame(peer);
    await answerClose(peer);
    await peer.end();

    expect(await isSettled(closed)).toBe(false);
    work.open();
    expect(await isSettled(closed)).toBe(false);
    parting.open();
    await closed;
    expect(diary).toEqual(["work", "done", "disconnect 1012", "parted"]);
  });

  it("destroys what is left after the timeout", async () => {
    const clock = new FakeClock();
    const log = new Journal();
    const hour = 3_600_000;
    const { begun, hanging } = neverEnding();
    const server = await start({
      websocket: hanging,
      clock,
      log,
      limits: { closeTimeout: hour, disconnectTimeout: hour },
    });
    const [deaf, busy] = [await RawPeer.open(server.port), await RawPeer.open(server.port)];
    await busy.send(1, "work");
    await begun.passed;
    const closed = server.close({ timeout: 20_000 });
    for (const peer of [deaf, busy]) await closeFrame(peer);
    await answerClose(busy);

    clock.advance(19_999);
    expect(await isSettled(closed)).toBe(false);
    expect(deaf.ended).toBe(false);
    clock.advance(1);
    await closed;
    await deaf.end();
    expect(log.fields("warn")).toMatchObject([{ code: "ERR_HANDLER_TIMEOUT" }]);
  });

  it("gives a client that does not answer its close frame closeTimeout", async () => {
    const clock = new FakeClock();
    const server = await start({ clock });
    const deaf = await RawPeer.open(server.port);
    const closed = server.close();
    await closeFrame(deaf);
    clock.advance(5_100);
    await closed;
  });

  it("ends now, if it is told a second time", async () => {
    const { begun, hanging } = neverEnding();
    const server = await start({ websocket: hanging });
    const peers = [await RawPeer.open(server.port), await RawPeer.open(server.port)];
    await peers[0]!.send(1, "work");
    await begun.passed;
    const first = server.close();
    for (const peer of peers) await closeFrame(peer);
    expect(await isSettled(first)).toBe(false);
    await Promise.all([server.close(), first, ...peers.map((peer) => peer.end())]);
    expect(server.connections).toBe(0);
  });

  it("ends now, with a timeout of 0, however many clients there are", async () => {
    const server = await start();
    const peers = await Promise.all(Array.from({ length: 300 }, () => RawPeer.open(server.port)));
    await server.close({ timeout: 0 });
    await Promise.all(peers.map((peer) => peer.end()));
    expect(server.connections).toBe(0);
  });

  it("ends at once, if there is nobody", async () => {
    const server = await start();
    await server.close();
    await server.close();
  });

  it("may be told by an application that is just told of the end itself", async () => {
    const entered = new Gate();
    const server = await serve({
      websocket: (_scope, socket) => ({
        open() {
          socket.signal.addEventListener("abort", () => void server.close());
          entered.open();
          return new Promise(() => {});
        },
      }),
      port: 0,
      log: silentLogger,
    });
    const peer = await RawPeer.connect(server.port);
    await peer.write(request());
    await entered.passed;
    await server.close();
    expect((await peer.response()).status).toBe(503);
    peer.socket.destroy();
  });

  it.each([
    [{ code: 1006 }, "ERR_CLOSE_CODE"],
    [{ code: 99 }, "ERR_CLOSE_CODE"],
    [{ reason: "x".repeat(124) }, "ERR_CLOSE_REASON"],
    [{ timeout: -1 }, "ERR_INVALID_OPTION"],
    [{ timeout: Number.NaN }, "ERR_INVALID_OPTION"],
    [{ timeout: Number.POSITIVE_INFINITY }, "ERR_INVALID_OPTION"],
  ])("refuses %j, and goes on as if nothing had been said", async (how, code) => {
    const server = await start();
    const plain = createServer();
    const port = await listen(plain);
    const attached = attach(plain, { websocket: echo });
    await expect(server.close(how)).rejects.toMatchObject({ code });
    await expect(attached.close(how)).rejects.toMatchObject({ code });
    expect(await status(server.port, request())).toBe(101);
    expect(await status(port, request())).toBe(101);
    await server.close({ timeout: 0 });
    await attached.close({ timeout: 0 });
  });
});

it("is sent to its end, also what had not left yet", async () => {
  const gate = new Gate();
  const size = 10_000_000;
  const server = await start({
    http: (_asked, response) => {
      response.writeHead(200, { "Content-Length": size }).flushHeaders();
      void gate.passed.then(() => response.end(Buffer.alloc(size)));
    },
  });
  const client = get(server.url);
  const [response] = (await once(client, "response")) as [IncomingMessage];
  let received = 0;
  response.on("data", (chunk: Buffer) => (received += chunk.length));
  const ended = once(response, "end");
  const closed = server.close();
  gate.open();
  await ended;
  expect(received).toBe(size);
  await closed;
});

describe("plain HTTP while a server drains", () => {
  const plain = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

  it("is answered to the end where it is under way, and ends its connection", async () => {
    const [asked, gate] = [new Gate(), new Gate()];
    const server = await start({
      http: (_asked, response) => {
        asked.open();
        void gate.passed.then(() => response.end("answer"));
      },
    });
    const peer = await RawPeer.connect(server.port);
    await peer.write(plain);
    await asked.passed;
    const closed = server.close();
    expect(await isSettled(closed)).toBe(false);
    gate.open();
    await closed;
    expect((await peer.response()).body).toBe("answer");
    expect(await peer.end()).toHaveLength(0);
  });

  it("is still answered, and tells the client to go", async () => {
    const server = await start();
    const deaf = await RawPeer.open(server.port);
    const closed = server.close();
    await closeFrame(deaf);
    const peer = await RawPeer.connect(server.port);
    await peer.write(plain);
    const { status: code, headers } = await peer.response();
    expect(code).toBe(426);
    expect(headers.get("connection")).toBe("Upgrade, close");
    await peer.end();
    await answerClose(deaf);
    await closed;
  });

  it("is cut off after the timeout", async () => {
    const server = await start({ http: (_asked, response) => void response.write("a part") });
    const peer = await RawPeer.connect(server.port);
    await peer.write(plain);
    await peer.response();
    await server.close({ timeout: 20 });
    await peer.end();
  });

  it("is cut off at once, if it is told a second time", async () => {
    const server = await start({ http: (_asked, response) => void response.write("a part") });
    const peer = await RawPeer.connect(server.port);
    await peer.write(plain);
    await peer.response();
    const first = server.close();
    expect(await isSettled(first)).toBe(false);
    await Promise.all([server.close(), first, peer.end()]);
  });

  it("keeps nothing open where nobody has asked for anything, or no more", async () => {
    const server = await start();
    const [silent, idle] = [await RawPeer.connect(server.port), await RawPeer.connect(server.port)];
    await idle.write(plain);
    await idle.response();
    await server.close();
    await Promise.all([silent.end(), idle.end()]);
  });
});
