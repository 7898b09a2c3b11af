import type { Socket } from "node:net";
import { systemClock } from "../internal/clock.ts";

/** What a client says first that knows of a server that it speaks HTTP/2 (RFC 9113 §3.4). */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/**
 * Waits for the first bytes of a cleartext socket and tells whether they are the preface of HTTP/2. The
 * socket has them still to be read then, and is paused. It is destroyed if it has not said enough
 * within `timeout` milliseconds.
 */
export function awaitPreface(
  socket: Socket,
  timeout: number,
  tell: (isHttp2: boolean) => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, preface.length);
    const alike = seen.compare(preface, 0, length, 0, length) === 0;
    if (alike && length < preface.length) return;
    stop();
    socket.pause();
    socket.unshift(seen);
    tell(alike);
  };
  const giveUp = (): void => void socket.destroy();
  const lift = systemClock.after(timeout, giveUp);
  const stop = (): void => {
    lift();
    socket.off("data", onData).off("end", giveUp).off("error", giveUp).off("close", stop);
  };
  socket.on("data", onData).on("end", giveUp).on("error", giveUp).on("close", stop);
}
