import type { SendOptions } from "../internal/send-options.ts";
import type { Message } from "./message-queue.ts";

/** How a connection ended. */
export interface ConnectionEnd {
  /** The close code that was received or, failing that, sent; 1005 without a code, 1006 without a close frame. */
  readonly code: number;
  readonly reason: string;
  /** Whether the closing handshake was completed (RFC 6455 §7.1.4). */
  readonly clean: boolean;
  /** What went wrong: a ProtocolError of the server's, the system's error, or what `onMessage` threw. */
  readonly error: unknown;
}

/**
 * One connection, as a client has it. It is made by {@link connect}, and is open then.
 *
 * Its messages are taken with `for await`, or one by one with `receive`; each goes to one taker. As
 * long as nobody takes them they wait, and beyond `limits.mailboxSize` reading pauses: none is lost.
 * Leaving the loop does not close the connection.
 */
export interface ClientSocket extends AsyncIterable<Message>, AsyncDisposable {
  /** Where it is connected to, as `ws:` or `wss:` and without credentials. */
  readonly url: string;
  /** The one of the offered subprotocols that the server chose, if it did. */
  readonly subprotocol: string | undefined;
  /** Headers of the server's answer: names in lower case, repeated ones joined, without a prototype. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Sends one message: a string as text, bytes as binary. Returns at once; bytes must not be
   * changed before {@link drained} resolves. After the end of the connection it does nothing but
   * count in {@link dropped}.
   * @throws UsageError for what is neither a string nor bytes.
   */
  send(data: string | Uint8Array, options?: SendOptions): void;
  /** Resolves when nothing waits for the server any more, or the connection is gone. */
  drained(): Promise<void>;
  /** Bytes that were sent but not yet taken by the operating system. */
  readonly bufferedAmount: number;
  /** Messages that were sent and dropped: because the server is too slow, or the connection ended. */
  readonly dropped: number;
  /** The next message; undefined once the connection has ended and all were taken. */
  receive(): Promise<Message | undefined>;
  /**
   * Starts the closing handshake, after everything that was sent before. What comes from the server
   * meanwhile is not delivered any more.
   * @throws UsageError for a code that may not be sent, or a reason over 123 bytes.
   */
  close(code?: number, reason?: string): void;
  /** Resolves with the end of the connection. Never rejects. */
  readonly closed: Promise<ConnectionEnd>;
  /** Takes each message until the connection ends. Leaving early leaves the rest to others. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined>;
  /** Closes with 1000, and waits for the end. */
  [Symbol.asyncDispose](): Promise<void>;
}
