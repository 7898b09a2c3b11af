import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";

export type Role = "client" | "server";

/**
 * The tester's own opening handshake (RFC 6455 §4): no extension, no subprotocol, no origin. Throws
 * when the peer does it wrong, hangs up or takes longer than `timeout` milliseconds.
 */
export async function open(socket: Socket, role: Role, timeout = 10_000): Promise<void> {
  const timer = setTimeout(() => socket.destroy(), timeout);
  try {
    await (role === "client" ? openAsClient(socket) : openAsServer(socket));
  } finally {
    clearTimeout(timer);
  }
}

async function openAsClient(socket: Socket): Promise<void> {
  const key = randomBytes(16).toString("base64");
  socket.write(
    [
      "GET / HTTP/1.1",
      "Host: 127.0.0.1",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${key}`,
      "Sec-WebSocket-Version: 13",
      "\r\n",
    ].join("\r\n"),
  );
  const { start, headers } = await readHead(socket);
  if (!start.startsWith("HTTP/1.1 101 ")) throw new Error(`refused: ${start}`);
  expectUpgrade(headers);
  if (headers.get("sec-websocket-accept") !== accept(key)) throw new Error("wrong accept");
  for (const unasked of ["sec-websocket-extensions", "sec-websocket-protocol"]) {
    if (headers.has(unasked)) throw new Error(`${unasked} that nobody offered`);
  }
}

async function openAsServer(socket: Socket): Promise<void> {
  const { start, headers } = await readHead(socket);
  if (!/^GET \S+ HTTP\/1\.1$/.test(start)) throw new Error(`no opening handshake: ${start}`);
  expectUpgrade(headers);
  const key = headers.get("sec-websocket-key") ?? "";
  if (!headers.has("host")) throw new Error("no host");
  if (headers.get("sec-websocket-version") !== "13") throw new Error("no version 13");
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) throw new Error(`key "${key}" is not 16 octets`);
  socket.write(
    [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept(key)}`,
      "\r\n",
    ].join("\r\n"),
  );
}

function expectUpgrade(headers: ReadonlyMap<string, string>): void {
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") throw new Error("no upgrade");
  if (!/\bupgrade\b/i.test(headers.get("connection") ?? ""))
    throw new Error("no connection: upgrade");
}

function accept(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

interface Head {
  readonly start: string;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Reads up to the empty line. What came with it goes back into the socket, which is left paused. */
async function readHead(socket: Socket): Promise<Head> {
  let octets = Buffer.alloc(0);
  while (!octets.includes("\r\n\r\n")) octets = Buffer.concat([octets, await nextChunk(socket)]);
  const end = octets.indexOf("\r\n\r\n");
  if (octets.length > end + 4) socket.unshift(octets.subarray(end + 4));
  const [start = "", ...lines] = octets.toString("latin1", 0, end).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return { start, headers: new Map(headers) };
}

function nextChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const hungUp = () => reject(new Error("hung up before the handshake was over"));
    socket.once("data", (chunk) => {
      socket.pause();
      socket.off("close", hungUp);
      resolve(chunk);
    });
    socket.once("close", hungUp);
    socket.resume();
  });
}
