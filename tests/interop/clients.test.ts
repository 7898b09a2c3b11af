import { once } from "node:events";
import { WebSocket as UndiciSocket } from "undici";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket as WsSocket } from "ws";
import { consumer, serve, type Server, WebSocketConsumer } from "sluice";
import { WebClient, type WebSocketClass } from "./web-client.ts";

const mebibyte = 1024 * 1024;
const longestReason = `${"so it ends, ".repeat(10)}bye`;

type Ends = [code: number, reason: string][];

/** Echoes; closes when it is told a code and a reason; takes the last subprotocol. */
class Parrot extends WebSocketConsumer {
  readonly #ends: Ends;

  constructor(ends: Ends) {
    super();
    this.#ends = ends;
  }

  override connect() {
    if (this.scope.path === "/private/") return this.reject(403);
    const subprotocol = this.scope.subprotocols.at(-1);
    this.accept(subprotocol === undefined ? {} : { subprotocol });
  }
  override receive(text: string) {
    const [, code, reason] = /^close (\d+) ?(.*)$/.exec(text) ?? [];
    if (code === undefined) this.send(text);
    else this.close(Number(code), reason);
  }
  override receiveBytes(bytes: Uint8Array) {
    this.send(bytes);
  }
  override disconnect(code: number, reason: string) {
    this.#ends.push([code, reason]);
  }
}

let server: Server;
/** Ends of connections, as the server saw them. */
let ends: Ends;

beforeEach(async () => {
  ends = [];
  server = await serve({ websocket: consumer(Parrot, ends), port: 0 });
  onTestFinished(() => server.close({ timeout: 0 }));
});

describe.each<[string, WebSocketClass]>([
  ["ws", WsSocket as unknown as WebSocketClass],
  ["undici", UndiciSocket as unknown as WebSocketClass],
])("the client of npm's %s", (_, Socket) => {
  const connect = (path = "/", protocols?: string[]) =>
    WebClient.connect(Socket, server.webSocketUrl + path, protocols);

  it.each([
    ["no character", ""],
    ["many alphabets", "grüße, 世界 👋"],
    ["odd characters", "\0\u{10ffff}\ufeff"],
    ["125 bytes, the longest with a length of 7 bits", "x".repeat(125)],
    ["126 bytes, the shortest with 16 bits", "x".repeat(126)],
    ["65535 bytes, the longest with 16 bits", "x".repeat(65_535)],
    ["65536 bytes, the shortest with 64 bits", "x".repeat(65_536)],
    ["1 MiB, the limit", "x".repeat(mebibyte)],
  ])("gets its own text of %s back", async (_what, text) => {
    const client = await connect();
    client.send(text);
    expect(await client.message()).toBe(text);
  });

  it.each([0, 1, 125, 126, 65_535, 65_536, mebibyte])("gets %i bytes back", async (size) => {
    const bytes = Uint8Array.from({ length: size }, (_unused, at) => at * 7);
    const client = await connect();
    client.send(bytes);
    expect(Buffer.compare((await client.message()) as Uint8Array, bytes)).toBe(0);
  });

  it.each([
    ["a text", "x".repeat(mebibyte + 1)],
    ["bytes", new Uint8Array(mebibyte + 1)],
  ])("is closed with 1009 for %s of one byte more than the limit", async (_kind, data) => {
    const client = await connect();
    client.send(data);
    expect(await client.ended).toMatchObject({
      code: 1009,
      reason: `message of ${mebibyte + 1} bytes exceeds the limit of ${mebibyte}`,
    });
  });

  it("gets many answers in the order of its messages", async () => {
    const client = await connect();
    const texts = Array.from({ length: 1_000 }, (_unused, at) => `message ${at}`);
    for (const text of texts) client.send(text);
    for (const text of texts) expect(await client.message()).toBe(text);
  });

  it.each([
    [1000, ""],
    [1000, "done"],
    [3000, "library"],
    [4999, "ünd 世界"],
    [4000, longestReason],
  ])("closes with %i %j, the server sees that, and the code comes back", async (code, reason) => {
    const client = await connect();
    client.socket.close(code, reason);
    expect(await client.ended).toEqual({ code, reason: "", wasClean: true });
    expect(ends).toEqual([[code, reason]]);
  });

  it("closes without a code, and the server sees 1005", async () => {
    const client = await connect();
    client.socket.close();
    expect(await client.ended).toMatchObject({ code: 1005, reason: "", wasClean: true });
    expect(ends).toEqual([[1005, ""]]);
  });

  it.each([
    [1000, ""],
    [1001, "going away"],
    [1011, ""],
    [3000, "library"],
    [4999, "ünd 世界"],
  ])("is closed with %i %j by the server, and sees that", async (code, reason) => {
    const client = await connect();
    client.send(`close ${code} ${reason}`);
    expect(await client.ended).toEqual({ code, reason, wasClean: true });
    expect(ends).toEqual([[code, reason]]);
  });

  it("agrees with the server on one of its subprotocols", async () => {
    const client = await connect("/", ["a.v1", "b.v2"]);
    expect(client.socket.protocol).toBe("b.v2");
  });

  it("is refused before there is a connection", async () => {
    const client = await connect("/private/");
    expect(await client.ended).toMatchObject({ code: 1006, wasClean: false });
    expect(ends).toEqual([[1006, ""]]);
  });

  it("is asked to come back, when the server drains", async () => {
    const client = await connect();
    const closed = server.close({ reason: "restart" });
    expect(await client.ended).toEqual({ code: 1012, reason: "restart", wasClean: true });
    await closed;
  });

  it("is one of a hundred, and each of them gets its own messages only", async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect()));
    expect(server.connections).toBe(100);
    const talks = clients.map(async (client, number) => {
      for (let at = 0; at < 20; at++) {
        client.send(`${number}: ${at}`);
        expect(await client.message()).toBe(`${number}: ${at}`);
      }
      client.socket.close(4000, String(number));
      return client.ended;
    });
    await Promise.all(talks);
    expect(ends.map(([, reason]) => Number(reason)).sort((one, other) => one - other)).toEqual(
      clients.map((_client, number) => number),
    );
  });
});

describe("the client of npm's ws", () => {
  async function connect(): Promise<WsSocket> {
    const socket = new WsSocket(server.webSocketUrl);
    onTestFinished(() => socket.terminate());
    await once(socket, "open");
    return socket;
  }

  const echoed = async (socket: WsSocket) => String((await once(socket, "message"))[0]);

  it.each([2, 3, 100])("may send a message in %i fragments", async (count) => {
    const socket = await connect();
    const parts = Array.from({ length: count }, (_unused, at) => `teil ${at} ü `);
    for (const [at, part] of parts.entries()) socket.send(part, { fin: at === count - 1 });
    expect(await echoed(socket)).toBe(parts.join(""));
  });

  it("may send fragments without content, and pings between them", async () => {
    const socket = await connect();
    const pong = once(socket, "pong");
    socket.send("", { fin: false });
    socket.send("hello", { fin: false });
    socket.ping("in between");
    socket.send("", { fin: true });
    expect(await echoed(socket)).toBe("hello");
    expect(String((await pong)[0])).toBe("in between");
  });

  it("is closed with 1009, if its fragments together are one byte too long", async () => {
    const socket = await connect();
    const half = Buffer.alloc(mebibyte / 2);
    const end = once(socket, "close");
    socket.send(half, { fin: false });
    socket.send(half, { fin: false });
    socket.send(Buffer.alloc(1), { fin: true });
    expect((await end)[0]).toBe(1009);
  });

  it.each([0, 1, 125])("gets a pong that echoes a ping of %i bytes", async (size) => {
    const socket = await connect();
    const payload = Buffer.alloc(size, "p");
    socket.ping(payload);
    expect((await once(socket, "pong"))[0]).toEqual(payload);
  });

  it("answers pings, and so it may be silent for long", async () => {
    await using impatient = await serve({
      websocket: consumer(Parrot, ends),
      port: 0,
      limits: { pingInterval: 50, pingTimeout: 100 },
    });
    const socket = new WsSocket(impatient.webSocketUrl);
    onTestFinished(() => socket.terminate());
    for (let pings = 0; pings < 5; pings++) await once(socket, "ping");
    socket.send("still here");
    expect(await echoed(socket)).toBe("still here");
    socket.terminate();
  });

  it("may offer compression, and does without", async () => {
    const socket = await connect();
    expect(socket.extensions).toBe("");
    socket.send("plain");
    expect(await echoed(socket)).toBe("plain");
  });
});
