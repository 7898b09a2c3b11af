import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import {
  type ClientHttp2Stream,
  connect as connectHttp2,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { Connection } from "../../src/connection/connection.ts";
import { Engine } from "../../src/connection/engine.ts";
import { SocketTransport } from "../../src/connection/socket-transport.ts";
import { StreamTransport } from "../../src/connection/stream-transport.ts";
import type { Transport, TransportSink } from "../../src/connection/transport.ts";
import { defaultLimits } from "../../src/internal/limits.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

/** A key and a certificate for localhost that nobody trusts but the tests that read it. */
const pem = readFileSync(new URL("test-only-certificate.pem", import.meta.url));

const kinds = ["TCP", "TLS", "HTTP/2"] as const;

describe.each(kinds)("a transport over %s", (kind) => {
  it("hands over what is written, in order and unchanged", async () => {
    const { transport, ear, peer } = await pair(kind);
    const received = digest(peer);
    const sent = createHash("sha256");
    const chunks = Array.from({ length: 200 }, (_, i) => noise(i * 997));
    for (const chunk of chunks) {
      sent.update(chunk);
      if (!transport.write(chunk)) await once(ear, "drain");
    }
    transport.end();
    expect(await received).toBe(sent.digest("hex"));
  });

  it("has no hold on a chunk that it took", async () => {
    const { transport, ear, peer } = await pair(kind);
    const received = everything(peer);
    const chunk = Buffer.alloc(1_000);
    for (let i = 0; i < 500; i++) {
      chunk.fill(i);
      if (!transport.write(chunk)) await once(ear, "drain");
    }
    transport.end();
    const bytes = await received;
    expect(bytes).toHaveLength(500_000);
    for (let i = 0; i < 500; i++) expect(bytes[i * 1_000 + 999]).toBe(i & 255);
  });

  it("says so when it keeps something, and when all of it is gone", async () => {
    const { transport, ear, peer } = await pair(kind);
    const sent = createHash("sha256");
    const first = noise(20_000_000);
    sent.update(first);
    expect(transport.write(first)).toBe(false);
    const second = noise(1_000_000);
    sent.update(second);
    expect(transport.write(second)).toBe(false);
    await once(peer, "readable");
    expect(ear.heard).toEqual([]);
    expect(transport.bufferedAmount).toBeGreaterThan(1_000_000);

    const drained = once(ear, "drain");
    const received = digest(peer);
    await drained;
    expect(transport.bufferedAmount).toBe(0);
    expect(ear.heard).toEqual(["drain"]);
    transport.end();
    expect(await received).toBe(sent.digest("hex"));
  });

  it("lets everything out before it ends", async () => {
    const { transport, peer } = await pair(kind);
    const bytes = noise(10_000_000);
    transport.write(bytes);
    transport.end();
    expect(await digest(peer)).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  it("reads what comes, and nothing while it is paused", async () => {
    const { transport, ear, peer } = await pair(kind);
    peer.write("one");
    expect(String((await once(ear, "data"))[0])).toBe("one");
    transport.pause();
    await new Promise<void>((resolve) => peer.write("two", () => resolve()));
    await turns(10);
    expect(ear.heard).toEqual(["data"]);
    const data = once(ear, "data");
    transport.resume();
    expect(String((await data)[0])).toBe("two");
  });

  it("tells the one who opened it last, and nobody else", async () => {
    const { transport, ear, peer } = await pair(kind);
    const next = new Ear();
    transport.open(next);
    peer.write("hello");
    await once(next, "data");
    const gone = once(next, "gone");
    transport.destroy();
    await gone;
    expect(ear.heard).toEqual([]);
    expect(next.heard).toEqual(["data", "gone"]);
  });

  it("can be written to after the peer ended its half, and is gone when both have", async () => {
    const { transport, ear, peer } = await pair(kind);
    peer.end("last words");
    await once(ear, "end");
    expect(ear.heard).toEqual(["data", "end"]);
    const received = everything(peer);
    transport.write(Buffer.from("answer"));
    const gone = once(ear, "gone");
    transport.end();
    transport.end();
    expect((await received).toString()).toBe("answer");
    await gone;
    expect(ear.heard.filter((word) => word === "gone")).toHaveLength(1);
    expect(transport.write(Buffer.from("too late"))).toBe(true);
  });

  it("survives a reset, and does not call it room that what it kept is lost", async () => {
    const { transport, ear, reset } = await pair(kind);
    expect(transport.write(noise(20_000_000))).toBe(false);
    const gone = once(ear, "gone");
    reset();
    await gone;
    expect(ear.heard.filter((word) => word !== "end")).toEqual(["gone"]);
    expect(transport.write(Buffer.from("too late"))).toBe(true);
  });

  it("loses what it keeps when it is destroyed", async () => {
    const { transport, ear, peer } = await pair(kind);
    transport.write(noise(20_000_000));
    const gone = once(ear, "gone");
    transport.destroy();
    await gone;
    expect(ear.heard).toEqual(["gone"]);
    // Over HTTP/2 a reset tells the peer that something is missing.
    const received = await everything(peer).catch(() => Buffer.alloc(0));
    expect(received.length).toBeLessThan(20_000_000);
  });
});

describe("a transport over HTTP/2 (RFC 8441 §5)", () => {
  it("resets its stream with CANCEL when it is destroyed", async () => {
    const { transport, peer } = await streamPair();
    const closed = once(peer, "close");
    transport.destroy();
    await closed;
    expect(peer.rstCode).toBe(cancel);
  });

  it("copies what is small, which is no sign that the peer has taken anything", async () => {
    const { transport } = await streamPair();
    for (let i = 0; i < 64; i++) expect(transport.write(noise(1024))).toBe(true);
    expect(transport.bufferedAmount).toBe(65_536);
    expect(transport.write(noise(1))).toBe(false);
  });

  it("is full when the peer's window is, and says so when it has opened again", async () => {
    const { transport, ear, peer } = await streamPair();
    peer.pause();
    expect(transport.write(noise(300_000))).toBe(false);
    await turns(20);
    expect(ear.heard).toEqual([]);
    const drained = once(ear, "drain");
    peer.resume();
    await drained;
    expect(transport.write(noise(1))).toBe(true);
  });

  it.each([
    ["reads", false],
    ["has paused", true],
  ])(
    "is gone when it is reset without an error while it %s, and something waits",
    async (_what, paused) => {
      const { transport, ear, peer } = await streamPair();
      peer.pause();
      transport.write(noise(300_000));
      if (paused) transport.pause();
      await turns(5);
      const gone = once(ear, "gone");
      // RST_STREAM with NO_ERROR.
      peer.destroy();
      await gone;
      expect(ear.heard).toEqual(["gone"]);
    },
  );

  it("is gone once when the session is", async () => {
    const { ear, peer } = await streamPair();
    const gone = once(ear, "gone");
    peer.session!.destroy();
    await gone;
    await turns(5);
    expect(ear.heard.filter((word) => word === "gone")).toEqual(["gone"]);
  });
});

describe.each(kinds)("a connection over %s that is reset", (kind) => {
  it("counts the messages that waited as dropped", async () => {
    const { transport, ear, reset } = await pair(kind);
    const clock = new FakeClock();
    const engine = new Engine({ clock });
    const drops: string[] = [];
    const connection = new Connection(transport, {
      role: "server",
      engine,
      limits: defaultLimits,
      sink: {
        busy: false,
        slow: "close",
        onText() {},
        onBytes() {},
        onFail() {},
        onDrop: (size, why) => drops.push(`${size} ${why}`),
        onClosed: (code) => drops.push(`closed ${code}`),
        onGone: () => ear.onGone(),
      },
    });
    connection.send(noise(20_000_000), undefined, true);
    connection.flush();
    for (const text of ["one", "three"]) connection.send(text, undefined, false);
    const gone = once(ear, "gone");
    reset();
    await gone;
    expect(drops).toEqual(["closed 1006", "20000000 closed", "3 closed", "5 closed"]);
    expect(engine.wheel.size).toBe(0);
  });
});

/** Hears what a transport tells, and says it on. */
class Ear extends EventEmitter implements TransportSink {
  readonly heard: string[] = [];

  onData(chunk: Uint8Array): void {
    this.#hear("data", chunk);
  }

  onDrain(): void {
    this.#hear("drain");
  }

  onEnd(): void {
    this.#hear("end");
  }

  onGone(): void {
    this.#hear("gone");
  }

  #hear(word: string, chunk?: Uint8Array): void {
    this.heard.push(word);
    this.emit(word, chunk);
  }
}

/** Two ends of a stream of HTTP/2 on the loopback. */
async function streamPair() {
  const server = createHttp2Server();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "stream");
  const { port } = server.address() as AddressInfo;
  const raw = connect(port, "127.0.0.1");
  const session = connectHttp2("http://127.0.0.1", { createConnection: () => raw });
  const peer: ClientHttp2Stream = session.request({ ":method": "POST" }, { endStream: false });
  peer.on("error", () => {});
  const [stream] = (await accepted) as [ServerHttp2Stream];
  stream.on("error", () => {});
  stream.respond();
  server.close();
  onTestFinished(() => session.destroy());
  const transport = new StreamTransport(stream);
  const ear = new Ear();
  transport.open(ear);
  // Node's client would end its half first.
  return { transport, ear, peer, reset: () => void raw.write(rstStream) };
}

/** RFC 9113 §7. */
const cancel = 0x8;

/** RST_STREAM of stream 1 with CANCEL (RFC 9113 §6.4). */
const rstStream = Buffer.of(0, 0, 4, 0x3, 0, 0, 0, 0, 1, 0, 0, 0, cancel);

/** Two ends of a connection on the loopback: ours as a transport, theirs as it is. */
async function pair(kind: (typeof kinds)[number]): Promise<{
  transport: Transport;
  ear: Ear;
  peer: Duplex;
  reset: () => void;
}> {
  if (kind === "HTTP/2") return streamPair();
  const server: Server =
    kind === "TCP"
      ? createServer({ allowHalfOpen: true })
      : createTlsServer({ allowHalfOpen: true, key: pem, cert: pem });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, kind === "TCP" ? "connection" : "secureConnection");
  const { port } = server.address() as AddressInfo;
  const raw = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const peer: Socket = kind === "TCP" ? raw : connectTls({ socket: raw, ca: pem });
  for (const each of [raw, peer]) each.on("error", () => {});
  const [socket] = (await accepted) as [Socket];
  socket.on("error", () => {});
  server.close();
  onTestFinished(() => {
    for (const each of [raw, peer, socket]) each.destroy();
  });
  const transport = new SocketTransport(socket);
  const ear = new Ear();
  transport.open(ear);
  return { transport, ear, peer, reset: () => void raw.resetAndDestroy() };
}

/** Bytes without a pattern that a mistake could hide in. */
function noise(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = length + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

async function everything(peer: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of peer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function digest(peer: Duplex): Promise<string> {
  return createHash("sha256")
    .update(await everything(peer))
    .digest("hex");
}

/** Lets the event loop go round some times. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
