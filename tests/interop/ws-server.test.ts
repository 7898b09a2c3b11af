import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { type ClientSocket, type ConnectOptions, connect as connectTo } from "sluice";

const mebibyte = 1024 * 1024;

let server: WebSocketServer;
let port: number;

/** Ends of connections, as the server saw them. */
let ends: [code: number, reason: string][];

beforeEach(async () => {
  const seen: typeof ends = [];
  ends = seen;
  server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    maxPayload: mebibyte,
    perMessageDeflate: true,
    handleProtocols: (offered) => [...offered].at(-1) ?? false,
  });
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("close", (code, reason) => seen.push([code, reason.toString()]));
    socket.on("error", () => {});
  });
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
});

/** A client of ours, and the server's end of its connection. */
async function connect(
  options?: ConnectOptions,
): Promise<[client: ClientSocket, socket: WebSocket]> {
  const connection = once(server, "connection");
  const client = await connectTo(`ws://127.0.0.1:${port}`, options);
  onTestFinished(() => client.close());
  return [client, (await connection)[0] as WebSocket];
}

describe("a client of npm's ws server", () => {
  it.each([
    ["no character", ""],
    ["many alphabets", "grüße, 世界 👋"],
    ["126 bytes", "x".repeat(126)],
    ["64 KiB", "x".repeat(65_536)],
    ["1 MiB, the limit", "x".repeat(mebibyte)],
  ])("gets its own text of %s back", async (_what, text) => {
    const [client] = await connect();
    client.send(text);
    expect(await client.receive()).toBe(text);
  });

  it.each([0, 1, 125, 126, 65_535, 65_536, mebibyte])("gets %i bytes back", async (size) => {
    const bytes = Uint8Array.from({ length: size }, (_unused, at) => at * 7);
    const [client] = await connect();
    client.send(bytes);
    expect(Buffer.compare((await client.receive()) as Uint8Array, bytes)).toBe(0);
  });

  it("closes with 1009, if it gets one byte more than the limit", async () => {
    const [client, socket] = await connect();
    socket.send("x".repeat(mebibyte + 1));
    expect(await client.closed).toMatchObject({
      code: 1009,
      clean: false,
      error: { code: "ERR_MESSAGE_TOO_BIG" },
    });
    await once(socket, "close");
    expect(ends.map(([code]) => code)).toEqual([1009]);
  });

  it("is closed with 1009, if it sends one byte more than the server takes", async () => {
    const [client] = await connect();
    client.send(new Uint8Array(mebibyte + 1));
    expect(await client.closed).toMatchObject({ code: 1009, clean: true });
  });

  it("puts fragments together, with pings between them, and answers those", async () => {
    const [client, socket] = await connect();
    const pong = once(socket, "pong");
    socket.send("one, ", { fin: false, compress: false });
    socket.ping("in between");
    socket.send("", { fin: false });
    socket.send("two", { fin: true });
    expect(await client.receive()).toBe("one, two");
    expect(String((await pong)[0])).toBe("in between");
  });

  it("gets answers to its pings", async () => {
    const [client, socket] = await connect({ limits: { pingInterval: 50, pingTimeout: 100 } });
    for (let pings = 0; pings < 5; pings++) {
      expect((await once(socket, "ping"))[0]).toHaveLength(0);
    }
    client.send("still here");
    expect(await client.receive()).toBe("still here");
  });

  it.each([
    [1000, "", 1000],
    [1000, "done", 1000],
    [4999, "ünd 世界", 4999],
    [undefined, "", 1005],
  ])("closes with %s %j, and the server sees that", async (code, reason, seen) => {
    const [client, socket] = await connect();
    const closed = once(socket, "close");
    client.close(code, reason);
    expect(await client.closed).toMatchObject({ code: seen, reason, clean: true });
    await closed;
    expect(ends).toEqual([[seen, reason]]);
  });

  it.each([
    [1000, "", 1000],
    [1001, "going away", 1001],
    [4999, "ünd 世界", 4999],
    [undefined, "", 1005],
  ])("is closed with %s %j by the server, and gives the code back", async (code, reason, seen) => {
    const [client, socket] = await connect();
    const closed = once(socket, "close");
    socket.close(code, reason);
    expect(await client.closed).toMatchObject({ code: seen, reason, clean: true });
    await closed;
    expect(ends).toEqual([[seen, ""]]);
  });

  it("sees 1006, when the server is gone without a word", async () => {
    const [client, socket] = await connect();
    socket.terminate();
    expect(await client.closed).toMatchObject({ code: 1006, reason: "", clean: false });
  });

  it("agrees with the server on one of its subprotocols", async () => {
    const [client] = await connect({ subprotocols: ["a.v1", "b.v2"] });
    expect(client.subprotocol).toBe("b.v2");
  });

  it("fails, if the server refuses", async () => {
    server.options.verifyClient = (_info, done) => done(false, 401);
    await expect(connect()).rejects.toMatchObject({
      code: "ERR_HANDSHAKE_STATUS",
      status: 401,
    });
  });

  it.each<[string, ConnectOptions["compression"]]>([
    ["with the defaults", true],
    ["without contexts", { serverNoContextTakeover: true, clientNoContextTakeover: true }],
    ["with small windows", { serverMaxWindowBits: 10, clientMaxWindowBits: 9 }],
  ])("compresses %s, and so does the server (RFC 7692)", async (_how, compression) => {
    const [client, socket] = await connect({ compression: compression! });
    expect(socket.extensions).toMatch(/^permessage-deflate/);
    const text = "the same again and again, ".repeat(200);
    const texts = Array.from({ length: 20 }, (_unused, at) => `${at} ${text}`);
    for (const each of texts) client.send(each);
    for (const each of texts) expect(await client.receive()).toBe(each);
    const bytes = Buffer.from("grüße ".repeat(50_000));
    client.send(bytes);
    expect(Buffer.compare((await client.receive()) as Uint8Array, bytes)).toBe(0);
  });

  it("is one of a hundred, and each of them gets its own messages only", async () => {
    const clients = await Promise.all(
      Array.from({ length: 100 }, () => connectTo(`ws://127.0.0.1:${port}`)),
    );
    const talks = clients.map(async (client, number) => {
      for (let at = 0; at < 20; at++) {
        client.send(`${number}: ${at}`);
        expect(await client.receive()).toBe(`${number}: ${at}`);
      }
      client.close(4000, String(number));
      expect(await client.closed).toMatchObject({ code: 4000, clean: true });
    });
    await Promise.all(talks);
  });
});
