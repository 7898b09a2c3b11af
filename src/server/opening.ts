import type { HandshakeError } from "../errors.ts";
import type { Transport } from "../connection/transport.ts";
import type { Handshake } from "../protocol/handshake.ts";
import type { Agreed, OutgoingHeaders } from "../protocol/handshake-response.ts";

/** Why the server itself refuses a handshake. */
export type Refusal =
  | HandshakeError
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

/**
 * An opening handshake that waits for its answer. It is all that differs between HTTP/1.1 and HTTP/2:
 * once it is answered, there is a transport and nothing else.
 */
export interface Opening {
  readonly httpVersion: "1.1" | "2";
  /** The request target as it came. */
  readonly target: string;
  /** Names and values by turns, as HTTP/1.1 has them: no pseudo-headers. */
  readonly rawHeaders: readonly string[];
  /** The address at the other end of the socket. */
  readonly address: string;
  readonly port: number;
  /** Whether the socket speaks TLS. */
  readonly encrypted: boolean;
  /** Whether nobody waits for the answer any more. */
  readonly gone: boolean;
  /** Bytes that came behind the request. */
  readonly head: Uint8Array;
  /** What it asks for, or why it is refused; see `judgeHandshake` and `judgeConnect`. */
  judge(maxHeaders: number): Handshake | HandshakeError;
  /** It has to wait for its turn: nothing is read meanwhile. */
  hold(): void;
  /** The way out and in. Once: from then on it is the transport's owner who ends it. */
  transport(): Transport;
  /** Completes it. @throws UsageError `ERR_HEADER` for headers that cannot be sent. */
  accept(agreed: Agreed): void;
  /**
   * Writes the application's refusal, and ends our half.
   * @throws UsageError for a status that refuses nothing, and for headers that cannot be sent.
   */
  reject(status: number, o: { readonly headers?: OutgoingHeaders; readonly body?: string }): void;
  /** Refuses it in the server's name, and sees to its end. */
  refuse(why: Refusal): void;
}
