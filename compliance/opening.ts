import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { type Agreement, type Demand, answerOffers, offerAll, readAnswer } from "./compression.ts";

export type Role = "client" | "server";

/**
 * The tester's own opening handshake (RFC 6455 §4): no subprotocol, no origin, and no extension
 * unless compression is demanded. Resolves with what was agreed on about that.
 */
export type Opening = (demands: readonly Demand[]) => Promise<Agreement | undefined>;

/** Where a server is to be asked for a WebSocket. */
export interface Target {
  readonly host: string;
  readonly path: string;
}

/** How long the peer may take, in milliseconds. */
const patience = 10_000;

/**
 * Opens as a client of the server at the other end.
 *
 * @throws Error when the server does it wrong, hangs up or takes too long
 */
export function openAsClient(
  socket: Socket,
  demands: readonly Demand[] = [],
  { host, path }: Target = { host: "127.0.0.1", path: "/" },
): Promise<Agreement | undefined> {
  return inTime(socket, async () => {
    const key = randomBytes(16).toString("base64");
    socket.write(
      [
        `GET ${path} HTTP/1.1`,
        `Host: ${host}`,
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Key: ${key}`,
        "Sec-WebSocket-Version: 13",
        ...(demands.length > 0 ? [`Sec-WebSocket-Extensions: ${offerAll(demands)}`] : []),
        "\r\n",
      ].join("\r\n"),
    );
    const { start, headers } = await readHead(socket);
    if (!start.startsWith("HTTP/1.1 101 ")) throw new Error(`refused: ${start}`);
    expectUpgrade(headers);
    if (headers.get("sec-websocket-accept") !== accept(key)) throw new Error("wrong accept");
    if (headers.has("sec-websocket-protocol")) throw new Error("a protocol that nobody offered");
    const answer = headers.get("sec-websocket-extensions");
    if (answer !== undefined && demands.length === 0) {
      throw new Error("an extension that nobody offered");
    }
    return readAnswer(answer, demands);
  });
}

/**
 * Opens as the server of the client at the other end.
 *
 * @throws Error when the client does it wrong, hangs up or takes too long
 */
export function openAsServer(
  socket: Socket,
  demands: readonly Demand[] = [],
): Promise<Agreement | undefined> {
  return inTime(socket, async () => {
    const { start, headers } = await readHead(socket);
    if (!/^GET \S+ HTTP\/1\.1$/.test(start)) throw new Error(`no opening handshake: ${start}`);
    expectUpgrade(headers);
    const key = headers.get("sec-websocket-key") ?? "";
    if (!headers.has("host")) throw new Error("no host");
    if (headers.get("sec-websocket-version") !== "13") throw new Error("no version 13");
    if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) throw new Error(`key "${key}" is not 16 octets`);
    const answer = answerOffers(headers.get("sec-websocket-extensions"), demands);
    socket.write(
      [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${accept(key)}`,
        ...(answer ? [`Sec-WebSocket-Extensions: ${answer.header}`] : []),
        "\r\n",
      ].join("\r\n"),
    );
    return answer?.agreement;
  });
}

async function inTime<T>(socket: Socket, open: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => socket.destroy(), patience);
  try {
    return await open();
  } finally {
    clearTimeout(timer);
  }
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
  /** By name in lower case; lines of one name are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Reads up to the empty line. What came with it goes back into the socket, which is left paused. */
async function readHead(socket: Socket): Promise<Head> {
  let octets = Buffer.alloc(0);
  while (!octets.includes("\r\n\r\n")) octets = Buffer.concat([octets, await nextChunk(socket)]);
  const end = octets.indexOf("\r\n\r\n");
  if (octets.length > end + 4) socket.unshift(octets.subarray(end + 4));
  const [start = "", ...lines] = octets.toString("latin1", 0, end).split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  return { start, headers };
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
