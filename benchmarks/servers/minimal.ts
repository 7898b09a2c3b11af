/**
 * The least that the applications take: frames are taken apart, handed over as messages, and written
 * once for all that came together. There is no limit, no check and no orderly end, and all text is
 * ASCII: not a server, but what the work costs at least.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { announce, app } from "./announce.ts";

type Message = string | Buffer;

const members = new Set<Duplex>();

/** What is framed: answers until they are written, or what goes to all at the end of the turn. */
const slab = Buffer.allocUnsafeSlow(4 * 1024 * 1024);
let end = 0;

const handle = app.kind === "echo" ? frame : share;
const handleAsync = async (message: Message): Promise<void> => handle(message);

const server = createServer();
server.on("upgrade", (request, socket) => {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${createHash("sha1").update(key).digest("base64")}\r\n\r\n`,
  );
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = read(socket, rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
  });
  socket.on("error", () => {});
  socket.on("close", () => members.delete(socket));
  members.add(socket);
});
server.listen(0, "127.0.0.1", 1_024, () => announce((server.address() as AddressInfo).port));

/** Handles the messages that are whole; returns the rest of the bytes. */
function read(socket: Duplex, bytes: Buffer): Buffer {
  const isAsync = app.handlers === "async receive";
  const messages: Message[] = [];
  let at = 0;
  while (at + 8 <= bytes.length) {
    const opcode = bytes[at]! & 15;
    let length = bytes[at + 1]! & 127;
    let start = at + 6;
    if (length === 126) {
      length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      start = at + 8;
    }
    if (start + length > bytes.length) break;
    at = start + length;
    if (opcode > 2) continue;
    unmask(bytes, start, at);
    const message = opcode === 1 ? bytes.toString("latin1", start, at) : bytes.subarray(start, at);
    if (isAsync) messages.push(message);
    else handle(message);
  }
  if (isAsync) void handleInTurn(socket, messages);
  else if (app.kind === "echo") flush(socket);
  return at === bytes.length ? Buffer.alloc(0) : bytes.subarray(at);
}

async function handleInTurn(socket: Duplex, messages: readonly Message[]): Promise<void> {
  for (const message of messages) await handleAsync(message);
  if (app.kind === "echo") flush(socket);
}

/** The key stands before the payload. */
function unmask(bytes: Buffer, start: number, until: number): void {
  const k0 = bytes[start - 4]!;
  const k1 = bytes[start - 3]!;
  const k2 = bytes[start - 2]!;
  const k3 = bytes[start - 1]!;
  let at = start;
  for (const last = until - 3; at < last; at += 4) {
    bytes[at]! ^= k0;
    bytes[at + 1]! ^= k1;
    bytes[at + 2]! ^= k2;
    bytes[at + 3]! ^= k3;
  }
  for (; at < until; at += 1) bytes[at]! ^= bytes[start - 4 + ((at - start) & 3)]!;
}

function frame(message: Message): void {
  const { length } = message;
  slab[end++] = typeof message === "string" ? 0x81 : 0x82;
  slab[end++] = length < 126 ? length : 126;
  if (length >= 126) {
    slab[end++] = length >> 8;
    slab[end++] = length & 255;
  }
  if (typeof message === "string") slab.write(message, end, "latin1");
  else slab.set(message, end);
  end += length;
}

/** What goes to all leaves after one more look at the sockets: a message that is found saves all writes. */
function share(message: Message): void {
  if (end === 0) setImmediate(setImmediate, tellAll);
  frame(message);
}

function tellAll(): void {
  const frames = Buffer.from(slab.subarray(0, end));
  end = 0;
  for (const member of members) member.write(frames);
}

/** The load reads what it asked for, so the kernel takes it before the slab is used again. */
function flush(socket: Duplex): void {
  if (end > 0) socket.write(slab.subarray(0, end));
  end = 0;
}
