import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { connect, type ConnectOptions } from "sluice";
import { rawServer, switching } from "./raw-server.ts";
import { connected, start } from "./start.ts";

const long = "the same again and again, ".repeat(200);

describe("a client that compresses (RFC 7692)", () => {
  it.each<[string, ConnectOptions]>([
    ["with the defaults", { compression: true }],
    [
      "without contexts",
      { compression: { serverNoContextTakeover: true, clientNoContextTakeover: true } },
    ],
    ["with small windows", { compression: { serverMaxWindowBits: 9, clientMaxWindowBits: 10 } }],
  ])("gets its messages back, %s", async (_how, options) => {
    const server = await start({ compression: true });
    const socket = await connected(server.webSocketUrl, options);
    expect(socket.headers["sec-websocket-extensions"]).toMatch(/^permessage-deflate/);
    const texts = [long, "short", `${long}!`, "", long, "grüße ".repeat(20_000)];
    for (const text of texts) socket.send(text);
    const bytes = Buffer.alloc(100_000, "bytes ");
    socket.send(bytes);
    socket.send(long, { compress: false });
    for (const text of texts) expect(await socket.receive()).toBe(text);
    expect(Buffer.compare((await socket.receive()) as Uint8Array, bytes)).toBe(0);
    expect(await socket.receive()).toBe(long);
  });

  it("puts fewer bytes on the wire", async () => {
    let bytes = 0;
    const url = await rawServer(({ socket, key }) => {
      socket.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        socket.write(Buffer.of(0x81, 0));
      });
      socket.write(switching(key, { "Sec-WebSocket-Extensions": "permessage-deflate" }));
    });
    const socket = await connected(url, { compression: true });
    socket.send(long);
    expect(await socket.receive()).toBe("");
    expect(bytes).toBeLessThan(long.length / 20);
  });

  it("does without, where the server does", async () => {
    const server = await start();
    const socket = await connected(server.webSocketUrl, { compression: true });
    expect(socket.headers).not.toHaveProperty("sec-websocket-extensions");
    socket.send(long);
    expect(await socket.receive()).toBe(long);
  });

  it("offers nothing unless it is told to, and takes no compressed frame then", async () => {
    let asked = "";
    const url = await rawServer(({ socket, key, text }) => {
      asked = text;
      socket.write(switching(key));
      socket.write(Buffer.of(0xc1, 1, 0));
    });
    const socket = await connect(url);
    expect(asked).not.toMatch(/extensions/i);
    expect(await socket.closed).toMatchObject({ code: 1002, error: { code: "ERR_FRAME_RSV" } });
  });

  it.each([
    ["twice", "permessage-deflate, permessage-deflate"],
    ["with a parameter that nobody knows", "permessage-deflate; level=9"],
    ["with a window that is none", "permessage-deflate; server_max_window_bits=7"],
    ["beside something else", "permessage-deflate, x-snoop"],
    ["with a wider window than it was asked for", "permessage-deflate; server_max_window_bits=12"],
    ["without the window that it was asked for", "permessage-deflate"],
  ])("refuses a server that chooses it %s", async (_how, extensions) => {
    const url = await rawServer(({ socket, key }) => {
      socket.write(switching(key, { "Sec-WebSocket-Extensions": extensions }));
    });
    await expect(connect(url, { compression: { serverMaxWindowBits: 10 } })).rejects.toMatchObject({
      code: "ERR_HANDSHAKE_EXTENSION",
      status: 101,
      headers: { "sec-websocket-extensions": extensions },
    });
  });

  it("is closed with 1007 by what is not deflated, and with 1009 by what blows up", async () => {
    const server = (frame: Buffer) =>
      rawServer(({ socket, key }) => {
        socket.resume();
        const agreed = { "Sec-WebSocket-Extensions": "permessage-deflate" };
        socket.write(switching(key, agreed));
        socket.write(frame);
      });
    const corrupt = await connect(await server(Buffer.of(0xc1, 2, 0xff, 0xff)), {
      compression: true,
    });
    expect(await corrupt.closed).toMatchObject({
      code: 1007,
      error: { code: "ERR_FRAME_EXTENSION" },
    });
    const bomb = await server(bombOf(2 * 1024 * 1024));
    const blown = await connect(bomb, { compression: true });
    expect(await blown.closed).toMatchObject({
      code: 1009,
      error: { code: "ERR_MESSAGE_TOO_BIG" },
    });
  });

  it.each<[string, ConnectOptions["compression"]]>([
    ["a window of 16 bits", { serverMaxWindowBits: 16 }],
    ["an unknown option", { level: 9 } as object],
    ["no object", "yes" as unknown as boolean],
  ])("is told of %s", async (_what, compression) => {
    await expect(connect("ws://127.0.0.1:1/", { compression: compression! })).rejects.toMatchObject(
      {
        code: "ERR_INVALID_OPTION",
      },
    );
  });
});

/** A frame whose message is so many zeros, compressed (RFC 7692 §7.2.1). */
function bombOf(size: number): Buffer {
  const finishFlush = constants.Z_SYNC_FLUSH;
  const payload = deflateRawSync(Buffer.alloc(size), { finishFlush }).subarray(0, -4);
  const head = Buffer.of(0xc2, 126, payload.length >> 8, payload.length & 255);
  return Buffer.concat([head, payload]);
}
