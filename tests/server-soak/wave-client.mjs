/**
 * A wave of clients that leave in every way there is: `node wave-client.mjs <port> <count>`. Exits
 * when the last of them is gone, and with an error if one of them was not let in.
 */
import { once } from "node:events";
import { connect } from "node:net";

const [port, count] = process.argv.slice(2).map(Number);

/** How many connect at the same time: fewer than wait in the server's backlog. */
const crowd = 250;

const request = [
  "GET /wave/ HTTP/1.1",
  "Host: 127.0.0.1",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");

/** A masked text frame of 4096 bytes, as far as its second one. */
const beginning = Buffer.from([0x81, 0xfe, 0x10, 0x00, 1, 2, 3, 4, 0x69, 0x68]);
const hello = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x48, 0x69]);
const close = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);

/** Asks for a WebSocket, and goes on when there is one. */
async function open(socket) {
  socket.write(request);
  const [chunk] = await once(socket, "data");
  if (!String(chunk).startsWith("HTTP/1.1 101 ")) throw new Error(`refused: ${chunk}`);
  socket.resume();
}

const ways = [
  // Before there is a WebSocket.
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(),
  (socket) => socket.write(request.slice(0, 60), () => socket.resetAndDestroy()),
  (socket) => socket.end(request.slice(0, 60)),
  (socket) => socket.write(request, () => socket.resetAndDestroy()),
  (socket) => socket.write(request, () => setImmediate(() => socket.resetAndDestroy())),
  (socket) => socket.write(request, () => setTimeout(() => socket.resetAndDestroy(), 5)),
  (socket) => socket.end(request),
  (socket) => socket.end(Buffer.concat([Buffer.from(request), beginning])),
  // Afterwards.
  async (socket) => {
    await open(socket);
    socket.resetAndDestroy();
  },
  async (socket) => {
    await open(socket);
    socket.write(beginning, () => socket.resetAndDestroy());
  },
  async (socket) => {
    await open(socket);
    socket.end(beginning);
  },
  async (socket) => {
    await open(socket);
    socket.end();
  },
  async (socket) => {
    await open(socket);
    socket.end(hello);
  },
  async (socket) => {
    await open(socket);
    socket.write(Buffer.concat([hello, close]));
  },
  // As if its cable were cut: it takes what comes, answers no ping, and does not leave by itself.
  open,
];

/** One client, from its connection to its end. */
async function client(way) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const gone = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, "connect");
  socket.on("error", () => {});
  socket.resume();
  return {
    gone,
    left: way(socket),
  };
}

const clients = [];
for (let first = 0; first < count; first += crowd) {
  const size = Math.min(crowd, count - first);
  const crowded = Array.from({ length: size }, (_, at) => client(ways[(first + at) % ways.length]));
  clients.push(...(await Promise.all(crowded)));
}
await Promise.all(clients.map(({ left }) => left));
await Promise.all(clients.map(({ gone }) => gone));
