import { createHash } from "node:crypto";
import type { Application } from "sluice";

/**
 * The floor that everything else stands on: no class and no group, only one connection as it is.
 * It tells how the handshake went, and then of each message what came.
 */
export const hello: Application = (scope, socket) => ({
  open() {
    const key = scope.headers["sec-websocket-key"] ?? "";
    socket.accept();
    socket.send(`GET ${scope.path} HTTP/${scope.httpVersion}`);
    socket.send(`Sec-WebSocket-Key: ${key}`);
    socket.send(`Sec-WebSocket-Accept: ${answer(key)}`);
  },
  text(message) {
    socket.send(`text, ${Buffer.byteLength(message)} bytes: ${message}`);
  },
  bytes(message) {
    socket.send(`binary, ${message.length} bytes: ${Buffer.from(message).toString("hex")}`);
  },
});

/**
 * What the server answered the random key with (RFC 6455 §4.2.2). The engine did this before, for
 * every connection; it is done again to show that there is nothing more to it.
 */
function answer(key: string): string {
  const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  return createHash("sha1").update(`${key}${magic}`).digest("base64");
}
