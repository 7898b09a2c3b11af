import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RawPeer, upgradeRequest } from "../../src/testing/raw-peer.ts";

let server: Server;
let port: number;
let connections: Socket[];
let waiting: ((socket: Socket) => void)[];

beforeEach(async () => {
  connections = [];
  waiting = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    const next = waiting.shift();
    if (next === undefined) connections.push(socket);
    else next(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});

afterEach(() => {
  for (const socket of connections) socket.destroy();
  server.close();
});

/** A peer, and the server's end of its connection. */
async function pair(): Promise<[RawPeer, Socket]> {
  const accepted = new Promise<Socket>((resolve) => {
    const first = connections.shift();
    if (first === undefined) waiting.push(resolve);
    else resolve(first);
  });
  const peer = await RawPeer.connect(port);
  const socket = await accepted;
  connections.push(socket);
  return [peer, socket];
}

/** What a socket gets until `length` bytes are there. */
async function read(socket: Socket, length: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < length) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  return bytes;
}

describe("a raw peer writes", () => {
  test("bytes as they are, a string byte by byte", async () => {
    const [peer, socket] = await pair();
    const got = read(socket, 5);
    await peer.write(Uint8Array.of(0, 255));
    await peer.write("aé\n");
    expect([...(await got)]).toEqual([0, 255, 0x61, 0xe9, 0x0a]);
  });

  test("in as small pieces as it is told to, and all of them", async () => {
    const [peer, socket] = await pair();
    const got = read(socket, 1000);
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index);
    await peer.write(bytes, 7);
    await peer.write("");
    expect(new Uint8Array(await got)).toEqual(bytes);
  });

  test("frames that are masked, as a client's have to be", async () => {
    const [peer, socket] = await pair();
    const got = read(socket, 8);
    await peer.send(0x1, "hi");
    const bytes = await got;
    expect([...bytes.subarray(0, 2)]).toEqual([0x81, 0x82]);
    expect(bytes[6]! ^ bytes[2]!).toBe("h".charCodeAt(0));
    expect(bytes[7]! ^ bytes[3]!).toBe("i".charCodeAt(0));
  });
});

describe("a raw peer reads", () => {
  test("a response with its body, and leaves what is behind it", async () => {
    const [peer, socket] = await pair();
    socket.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\nX-A: one: two \r\n\r\nn\xf6!");
    socket.write("rest");
    const { status, headers, body, text } = await peer.response();
    expect([status, headers.get("x-a"), headers.get("content-length")]).toEqual([
      401,
      "one: two",
      "4",
    ]);
    expect(body).toBe("nö!");
    expect(text.startsWith("HTTP/1.1 401 Unauthorized\r\n")).toBe(true);
    expect((await peer.take(4)).toString()).toBe("rest");
  });

  test("a 101 without a body, whatever it says of its length, and then frames", async () => {
    const [peer, socket] = await pair();
    socket.write("HTTP/1.1 101 Switching Protocols\r\nContent-Length: 2\r\n\r\n");
    socket.write(Uint8Array.of(0x81, 2, 0x68, 0x69));
    expect(await peer.response()).toMatchObject({ status: 101, body: "" });
    expect(await peer.frame()).toEqual({
      fin: true,
      rsv: 0,
      opcode: 1,
      payload: Buffer.from("hi"),
    });
  });

  test("frames of every length, with all their bits", async () => {
    const [peer, socket] = await pair();
    for (const [length, head] of [
      [0, [0x70, 0]],
      [125, [0x82, 125]],
      [126, [0x02, 126, 0, 126]],
      [65_535, [0x82, 126, 255, 255]],
      [65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
    ] as const) {
      socket.write(Uint8Array.from(head));
      socket.write(new Uint8Array(length));
      const frame = await peer.frame();
      expect([frame.fin, frame.rsv, frame.opcode]).toEqual([
        head[0] >= 0x80,
        (head[0] >> 4) & 7,
        head[0] & 15,
      ]);
      expect(frame.payload.length).toBe(length);
    }
  });

  test("what comes one byte at a time", async () => {
    const [peer, socket] = await pair();
    socket.setNoDelay(true);
    const bytes = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno\x81\x01x";
    for (const byte of bytes) {
      await new Promise((resolve) => socket.write(byte, "latin1", resolve));
    }
    expect(await peer.response()).toMatchObject({ status: 404, body: "no" });
    expect(await peer.frame()).toMatchObject({ opcode: 1, payload: Buffer.from("x") });
  });

  test("nothing in time, if nothing comes", async () => {
    const [peer] = await pair();
    await expect(peer.take(1, 1)).rejects.toMatchObject({
      code: "ERR_TEST_TIMEOUT",
      message: "no byte came within 1 ms",
    });
  });
});

describe("the end of a raw peer's connection", () => {
  test("by the server fails whoever waits, after everything that came before was taken", async () => {
    const [peer, socket] = await pair();
    const waiting = peer.take(5);
    socket.end("abc");
    await expect(waiting).rejects.toMatchObject({ code: "ERR_TEST_CLOSED" });
    expect((await peer.take(2)).toString()).toBe("ab");
    expect((await peer.end()).toString()).toBe("c");
    expect([peer.ended, peer.received.toString()]).toEqual([true, "c"]);
    await expect(peer.frame()).rejects.toMatchObject({ code: "ERR_TEST_CLOSED" });
  });

  test("by itself is a FIN, behind which it still reads", async () => {
    const [peer, socket] = await pair();
    socket.resume();
    const ended = once(socket, "end");
    peer.finish();
    await ended;
    expect(peer.ended).toBe(false);
    socket.end("last");
    expect((await peer.end()).toString()).toBe("last");
  });

  test("may be a reset", async () => {
    const [peer, socket] = await pair();
    socket.resume();
    const broken = new Promise((resolve) => socket.once("error", resolve));
    peer.reset();
    expect(await broken).toMatchObject({ code: "ECONNRESET" });
    await peer.end();
  });

  test("is an error if it comes instead of the handshake that was asked for", async () => {
    waiting.push((socket) => {
      connections.push(socket);
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    await expect(RawPeer.open(port)).rejects.toMatchObject({
      code: "ERR_TEST_CLOSED",
      message: "the handshake was answered with HTTP/1.1 403 Forbidden",
    });
  });

  test("before it began is the system's error", async () => {
    server.close();
    await once(server, "close");
    await expect(RawPeer.connect(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("an upgrade request", () => {
  test("is that of a well-behaved client", () => {
    expect(upgradeRequest("/chat/?a=1")).toBe(
      [
        "GET /chat/?a=1 HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "",
        "",
      ].join("\r\n"),
    );
  });

  test("can be spoiled: headers are added, replaced, and left out if they are empty", () => {
    const text = upgradeRequest("/", { Upgrade: "h2c", "Sec-WebSocket-Key": "", Cookie: "a=b" });
    expect(text).toContain("\r\nUpgrade: h2c\r\n");
    expect(text).toContain("\r\nCookie: a=b\r\n\r\n");
    expect(text).not.toContain("Sec-WebSocket-Key");
  });
});
