import type { SendOptions } from "../internal/send-options.ts";
import type { AcceptOptions, RejectOptions } from "./socket.ts";

/**
 * What carries one connection, as the application sees it from above: a handshake that waits for an
 * answer, later a WebSocket connection. A server has one over TCP, a communicator one in memory.
 */
export interface Link {
  /** Answers the handshake. @throws UsageError for options that cannot be sent. */
  accept(options: AcceptOptions): void;
  /** Refuses the handshake. @throws UsageError for options that cannot be sent. */
  reject(status: number, options: RejectOptions): void;
  /** Sends a message; `answer` says that it answers the message that is being handled. */
  send(data: string | Uint8Array, options: SendOptions | undefined, answer: boolean): void;
  /** Lets the answers go: the handler is idle. */
  flush(): void;
  drained(): Promise<void>;
  /** Starts the closing handshake. @throws UsageError for a code that may not be sent. */
  close(code: number | undefined, reason: string): void;
  /** Closes past everything that waits. */
  fail(code: number, reason: string): void;
  /** Reading stops and goes on, each reason by itself. */
  pause(why: "application" | "mailbox"): void;
  resume(why: "application" | "mailbox"): void;
  readonly bufferedAmount: number;
  /** A message was dropped on its way to or from the handler. */
  drop(size: number, why: "slow" | "closed"): void;
}
