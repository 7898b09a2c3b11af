import type { Agent } from "node:http";
import type { ConnectionOptions as TlsConnectionOptions } from "node:tls";
import type { Clock } from "../internal/clock.ts";
import { type ConnectionLimits, defaultLimits } from "../internal/limits.ts";
import type { SlowPolicy } from "../internal/send-options.ts";
import type { CompressionOptions } from "../protocol/compression-options.ts";
import type { OutgoingHeaders } from "../protocol/handshake-response.ts";
import type { ClientSocket } from "./client-socket.ts";
import type { Message } from "./message-queue.ts";

/** Limits of a client's connection. Sizes are bytes, times are milliseconds. */
export interface ClientLimits
  extends Omit<
    ConnectionLimits,
    "mailboxSize" | "mailboxMessages" | "connectTimeout" | "disconnectTimeout"
  > {
  /** How long the opening handshake may take, from the name's look-up on. @defaultValue 10 s */
  readonly handshakeTimeout?: number;
  /** What the server sends may wait to be taken up to here, then reading pauses. @defaultValue 1 MiB */
  readonly mailboxSize?: number;
  /** The same, as a number of messages. @defaultValue 4096 */
  readonly mailboxMessages?: number;
}

const { connectTimeout: _connect, disconnectTimeout: _disconnect, ...shared } = defaultLimits;

/** All limits with their values. */
export const defaultClientLimits: Required<ClientLimits> = { ...shared, handshakeTimeout: 10_000 };

/** What node:tls may be told: whom to trust, who we are, and how to speak. */
export type ClientTlsOptions = Pick<
  TlsConnectionOptions,
  | "ca"
  | "cert"
  | "checkServerIdentity"
  | "ciphers"
  | "crl"
  | "key"
  | "maxVersion"
  | "minVersion"
  | "passphrase"
  | "pfx"
  | "rejectUnauthorized"
  | "servername"
>;

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** Subprotocols in the order of preference. @defaultValue none */
  readonly subprotocols?: readonly string[];
  /** Headers of the request: Authorization, Cookie, Origin, … A list as value makes one line each. */
  readonly headers?: OutgoingHeaders;
  /** Aborts the attempt, which then rejects with its reason; later it closes the connection with 1001. */
  readonly signal?: AbortSignal;
  /** Makes the TCP or TLS connection: through a proxy, a Unix socket, … @defaultValue a new one each */
  readonly agent?: Agent;
  /** For `wss:`. The server's certificate is verified unless this says otherwise. */
  readonly tls?: ClientTlsOptions;
  /**
   * Is called with each message as it comes, from the first octet behind the handshake on. Nothing
   * is left to be taken then, and reading never pauses: whoever may fall behind uses `for await`.
   * What it throws ends the connection with 1011, and is the `error` of its end.
   */
  readonly onMessage?: (message: Message, socket: ClientSocket) => void;
  /**
   * Whether `permessage-deflate` (RFC 7692) is offered to the server, and how. Clients that say the
   * same share its memory. @defaultValue false
   */
  readonly compression?: boolean | CompressionOptions;
  readonly limits?: ClientLimits;
  /** What happens to messages that the server does not read. @defaultValue "close" */
  readonly slow?: SlowPolicy;
  /** Time; tests hand in their own. @defaultValue the system's */
  readonly clock?: Clock;
}

/** The names of the options. */
export const connectOptionNames: readonly string[] = [
  "subprotocols",
  "headers",
  "signal",
  "agent",
  "tls",
  "onMessage",
  "compression",
  "limits",
  "slow",
  "clock",
];
