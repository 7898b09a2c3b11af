import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Application, attach, WebSocketConsumer } from "sluice";
import { FakeClock, RawPeer } from "sluice/testing";
import { certificate } from "./certificate.ts";
import { Gate } from "./gate.ts";
import { Journal } from "./journal.ts";
import { request } from "./request.ts";
import { echo, listen, start } from "./start.ts";

/** What node:http needs to lose its patience within the time of a test. */
const impatient = { headersTimeout: 200, connectionsCheckingInterval: 50 };

/** Writes a byte every now and then until the server has had enough. */
async function trickle(socket: { write(text: string): unknown }, ended: () => boolean) {
  for (const byte of request().repeat(50)) {
    if (ended()) return;
    socket.write(byte);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("a client that takes its time with the request", () => {
  it.each([
    ["one byte at a time", (peer: RawPeer) => trickle(peer.socket, () => peer.ended)],
    ["a head without its end", (peer: RawPeer) => peer.write(request().slice(0, -2))],
    ["nothing at all", () => Promise.resolve()],
  ])("and sends %s gets a 408 from the server that it is attached to", async (_, send) => {
    const server = createServer(impatient);
    const attached = attach(server, { websocket: echo });
    const peer = await RawPeer.connect(await listen(server));
    const [{ status }] = await Promise.all([peer.response(), send(peer)]);

    expect(status).toBe(408);
    await peer.end();
    expect(attached.connections).toBe(0);
  });

  it("gets a 408 from a server of ours", async () => {
    const { port } = await start({ tls: { ...certificate, ...impatient } });
    const socket = connect({ port, ca: certificate.cert });
    await once(socket, "secureConnect");
    socket.write("GET / HTTP/1.1\r\n");

    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  });
});

async function textOf(socket: TLSSocket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe("an application that does not answer a handshake", () => {
  it("is answered for with 503 after connectTimeout, and told of the end", async () => {
    const clock = new FakeClock();
    const log = new Journal();
    const [entered, gate] = [new Gate(), new Gate()];
    const ends: unknown[] = [];
    class Sleeper extends WebSocketConsumer {
      override async connect() {
        entered.open();
        await gate.passed;
        ends.push(["signal", this.signal.aborted]);
      }
      override disconnect(code: number) {
        ends.push(["disconnect", code, this.accepted]);
      }
    }
    const { port } = await start({ websocket: Sleeper, clock, log });
    const peer = await RawPeer.connect(port);
    await peer.write(request());
    await entered.passed;

    clock.advance(9_900);
    expect(peer.received).toHaveLength(0);
    clock.advance(200);
    expect((await peer.response()).status).toBe(503);
    expect(await peer.end()).toHaveLength(0);
    expect(log.fields("warn")).toMatchObject([
      { code: "ERR_HANDLER_TIMEOUT", phase: "connect", consumer: "Sleeper" },
    ]);

    gate.open();
    await vi.waitFor(() => expect(ends).toHaveLength(2));
    expect(ends).toEqual([
      ["signal", true],
      ["disconnect", 1006, false],
    ]);
  });

  it("has the time that the route gives it", async () => {
    const clock = new FakeClock();
    const entered = new Gate();
    const { port } = await start({
      websocket: (_scope, _socket) => {
        entered.open();
        return new Promise(() => {});
      },
      clock,
      limits: { connectTimeout: 1_000 },
    });
    const peer = await RawPeer.connect(port);
    await peer.write(request());
    await entered.passed;

    clock.advance(1_100);
    expect((await peer.response()).status).toBe(503);
    peer.socket.destroy();
  });
});

describe("more handshakes than may wait for their answer", () => {
  const pendingHandshakes = 3;

  /** An echo whose handshakes wait at a gate, those to /open/ excepted. */
  const gated =
    (gate: Gate): Application =>
    (scope, socket) => ({
      open: () => (scope.path === "/open/" ? undefined : gate.passed),
      text: (message) => socket.send(message),
    });

  async function waiting(port: number, count: number): Promise<RawPeer[]> {
    const peers = await Promise.all(Array.from({ length: count }, () => RawPeer.connect(port)));
    for (const peer of peers) await peer.write(request());
    onTestFinished(() => {
      for (const peer of peers) peer.socket.destroy();
    });
    return peers;
  }

  it("get 503 and a time to come back, and nobody else notices", async () => {
    const gate = new Gate();
    const { port } = await start({ websocket: gated(gate), limits: { pendingHandshakes } });
    const settled = await RawPeer.open(port, "/open/");
    const patient = await waiting(port, pendingHandshakes);

    const { status, headers } = await (await waiting(port, 1))[0]!.response();
    expect(status).toBe(503);
    expect(headers.get("retry-after")).toBe("1");
    await settled.send(1, "still here");
    expect((await settled.frame()).payload.toString()).toBe("still here");

    gate.open();
    for (const peer of patient) expect((await peer.response()).status).toBe(101);
    expect((await (await waiting(port, 1))[0]!.response()).status).toBe(101);
    settled.socket.destroy();
  });

  it("make room when they give up", async () => {
    const gate = new Gate();
    const { port } = await start({ websocket: gated(gate), limits: { pendingHandshakes } });
    const impatientPeers = await waiting(port, pendingHandshakes);
    expect((await (await waiting(port, 1))[0]!.response()).status).toBe(503);

    for (const peer of impatientPeers) peer.reset();
    gate.open();
    await vi.waitFor(async () => {
      const peer = await RawPeer.open(port, "/open/");
      peer.socket.destroy();
    });
  });

  it("make room when the application refuses them", async () => {
    const { port } = await start({
      websocket: (_scope, socket) => ({ open: async () => socket.reject(401) }),
      limits: { pendingHandshakes: 1 },
    });
    for (let attempt = 0; attempt < 5; attempt++) {
      const [peer] = await waiting(port, 1);
      expect((await peer!.response()).status).toBe(401);
    }
  });
});
