import type { Socket } from "node:net";
import { HandshakeError } from "../errors.ts";
import { systemClock } from "../internal/clock.ts";
import { refusalResponse } from "../protocol/handshake-response.ts";
import { publish } from "./diagnostics.ts";
import type { Refusal } from "./opening.ts";

/** How long a client may take to read why it was refused, in milliseconds. */
export const patience = 2_000;

/**
 * Answers an HTTP/1.1 request with an error and ends its socket: whatever stands behind it is not ours to
 * parse, and a proxy must not take the socket for a tunnel.
 */
export function refuse(socket: Socket, target: string, why: Refusal): void {
  const error = why instanceof HandshakeError ? why : undefined;
  publish("sluice:handshake.reject", { target, status: why.status, error });
  if (!socket.writable) return void socket.destroy();
  const body = error === undefined ? undefined : `${error.message}\n`;
  socket.end(refusalResponse(why.status, { headers: why.headers, body }));
  // Unread bytes would turn our end into a reset that overtakes the answer.
  socket.resume();
  // A deadline, not an idle timeout: whoever goes on talking is hung up on, too.
  socket.once(
    "close",
    systemClock.after(patience, () => socket.destroy()),
  );
}
