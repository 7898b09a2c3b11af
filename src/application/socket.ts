import type { SendOptions } from "../internal/send-options.ts";
import type { JoinOptions, Joined } from "../layers/channel-layer.ts";
import type { Phase } from "./fault.ts";

/** Options of {@link Socket.accept}. */
export interface AcceptOptions {
  /** One of the names that the client offered (RFC 6455 §4.2.2). */
  readonly subprotocol?: string;
  /** Headers of the 101 response, `set-cookie` for example. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** The names of its options. */
export const acceptOptionNames: readonly string[] = ["subprotocol", "headers"];

/** Options of {@link Socket.reject}. */
export interface RejectOptions {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The response's body, as UTF-8 text. @defaultValue empty */
  readonly body?: string;
}

/** The names of its options. */
export const rejectOptionNames: readonly string[] = ["headers", "body"];

/** One connection, as an application sees it. */
export interface Socket {
  /**
   * Answers the opening handshake with 101. Returning from `open` does it too.
   * @throws UsageError when it was accepted or refused before, or when the subprotocol was not offered.
   */
  accept(options?: AcceptOptions): void;
  /** Refuses the opening handshake with an HTTP status of 300 to 599. Never throws for its timing. */
  reject(status: number, options?: RejectOptions): void;
  /**
   * Sends one message: a string as text, bytes as binary. Returns at once; bytes must not be
   * changed before {@link drained} resolves. After the end of the connection it does nothing, and
   * `sluice:message.drop` says so.
   * @throws UsageError before the connection is accepted.
   */
  send(data: string | Uint8Array, options?: SendOptions): void;
  /** Resolves when nothing waits for the peer any more, or the connection ended. */
  drained(): Promise<void>;
  /**
   * Starts the closing handshake, after everything that was sent before. Before the connection is
   * accepted it refuses it with 403.
   * @throws UsageError for a code that may not be sent, or a reason over 123 bytes.
   */
  close(code?: number, reason?: string): void;
  /**
   * Puts this connection on a group's list: what is sent to the group arrives at `Handler.event`, in
   * turn with the peer's messages. Left by itself when the connection ends. Await it: what is sent
   * before it has resolved may not arrive. If it fails unawaited, that is an error of the handler.
   * @throws UsageError (as a rejection) when the connection was refused or has ended.
   */
  join(group: string, options?: JoinOptions): Promise<Joined>;
  /** Takes this connection off a group's list. */
  leave(group: string): Promise<void>;
  /** This connection's own address on the layer: for `layer.send`, or for `except`. */
  readonly channel: string;
  /** Stops reading from the peer. What waits in the mailbox already is still delivered. */
  pause(): void;
  /** Starts reading again. */
  resume(): void;
  /**
   * Reports an error where those of the handler go, and does nothing else: for work beside the
   * handler's calls whose error is not to end the connection. Whoever wraps a socket passes it on.
   */
  report(error: unknown, phase: Phase, handler: string): void;
  /**
   * Counts a message of `size` bytes as dropped: for whoever keeps messages on their way to the peer
   * and cannot keep one. Whoever wraps a socket passes it on.
   */
  drop(size: number, why: "slow" | "closed"): void;
  /** Whether the handshake was answered with 101, ever. */
  readonly accepted: boolean;
  /** Bytes that were sent but not yet taken by the operating system. */
  readonly bufferedAmount: number;
  /** Aborts when the connection has ended. Made on first use. */
  readonly signal: AbortSignal;
}
