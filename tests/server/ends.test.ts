import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { serve, WebSocketConsumer } from "sluice";
import { Protocol, type ProtocolSink } from "sluice/protocol";
import { RawPeer, upgradeRequest } from "sluice/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { start } from "./start.ts";

/** Frames as a client sends them. */
const client = () => new Protocol({ role: "client", sink: {} as ProtocolSink });

/** Notes what becomes of it; accepts late, or early and goes on, or at once. */
function diary(connect: (self: Diary) => void | Promise<unknown>) {
  const lines: string[] = [];
  class Noting extends Diary {
    override connect() {
      lines.push("connect");
      return connect(this);
    }
    override receive(message: string) {
      lines.push(message);
    }
    override disconnect(code: number) {
      lines.push(`disconnect ${code} ${this.accepted}`);
    }
  }
  return { lines, Noting };
}

abstract class Diary extends WebSocketConsumer {
  acceptNow(): void {
    this.accept();
  }
  pauseNow(): void {
    this.pause();
  }
}

describe("frames that come with the request", () => {
  it.each([
    ["at once", () => undefined],
    ["late", () => pause(20)],
    ["early, and goes on", (self: Diary) => (self.acceptNow(), pause(20))],
  ])("are told, and then the close, to who accepts %s", async (_how, accept) => {
    const { lines, Noting } = diary(accept);
    const { port } = await start({ websocket: Noting });
    const peer = await RawPeer.connect(port);
    const request = Buffer.from(upgradeRequest("/"));
    await peer.write(Buffer.concat([request, client().text("hello"), client().close(1000)]));
    await vi.waitFor(() => expect(lines).toHaveLength(3));
    expect(lines).toEqual(["connect", "hello", "disconnect 1000 true"]);
    await peer.end();
  });
});

it("a pause that was asked for before the connection was there holds from the first byte", async () => {
  const { lines, Noting } = diary((self) => self.pauseNow());
  const { port } = await start({ websocket: Noting });
  const peer = await RawPeer.connect(port);
  await peer.write(Buffer.concat([Buffer.from(upgradeRequest("/")), client().text("hello")]));
  await peer.response();
  await peer.send(0x1, "again");
  await pause(30);
  expect(lines).toEqual(["connect"]);
  peer.reset();
});

it("a peer that only pings after our close frame is gone when closeTimeout has passed", async () => {
  let ended = 0;
  class Kicking extends WebSocketConsumer {
    override receive() {
      this.close(4001);
    }
    override disconnect() {
      ended++;
    }
  }
  const { port } = await start({ websocket: Kicking, limits: { closeTimeout: 300 } });
  const peer = await RawPeer.open(port);
  await peer.send(0x1, "go");
  for (let i = 0; i < 20 && ended === 0; i++) {
    await peer.send(0x9, "still here").catch(() => {});
    await pause(50);
  }
  expect(ended).toBe(1);
});

describe("closing a server", () => {
  it("does not wait for answers whose client pipelined them and left", async () => {
    const server = await serve({ websocket: () => ({}), http() {}, port: 0 });
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3));
    await pause(50);
    socket.destroy();
    await once(socket, "close");
    const begin = performance.now();
    await server.close({ timeout: 5_000 });
    expect(performance.now() - begin).toBeLessThan(2_000);
  });

  it("does not wait for who connects to a TLS server and says nothing", async () => {
    const pem = readFileSync(new URL("../connection/test-only-certificate.pem", import.meta.url));
    const server = await serve({ websocket: () => ({}), port: 0, tls: { key: pem, cert: pem } });
    const socket = connect(server.port, "127.0.0.1").on("error", () => {});
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    await pause(20);
    const begin = performance.now();
    await server.close({ timeout: 5_000 });
    expect(performance.now() - begin).toBeLessThan(2_000);
  });
});

it("a join that fails with nobody awaiting it ends its own connection only", async () => {
  class Careless extends WebSocketConsumer {
    override connect() {
      void this.join("x".repeat(201));
    }
    override receive(message: string) {
      this.send(message);
    }
  }
  const heard: unknown[] = [];
  const { port } = await start({ websocket: Careless, onError: (error) => heard.push(error) });
  const peer = await RawPeer.connect(port);
  await peer.write(upgradeRequest("/"));
  await peer.response();
  const { opcode, payload } = await peer.frame();
  expect([opcode, payload.readUInt16BE()]).toEqual([0x8, 1011]);
  peer.reset();
  expect(heard).toMatchObject([{ code: "ERR_LAYER_NAME" }]);
});
