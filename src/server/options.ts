import { UsageError } from "../errors.ts";
import type { Phase } from "../application/fault.ts";
import type { Scope } from "../application/scope.ts";
import type { Servable } from "../application/servable.ts";
import type { Clock } from "../internal/clock.ts";
import { type ConnectionLimits, defaultLimits } from "../internal/limits.ts";
import type { Logger } from "../internal/logger.ts";
import { OptionCheck } from "../internal/option-check.ts";
import type { OriginPolicy } from "../internal/origin-policy.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";
import type { CompressionOptions } from "../protocol/compression-options.ts";

/** Limits of a server: those of each connection, and those of all together. */
export interface ServerLimits extends ConnectionLimits {
  /** What all unfinished messages hold together, in bytes. @defaultValue 256 MiB */
  readonly partialBytes?: number;
  /**
   * What all messages hold together that wait for peers that do not read, in bytes. One connection
   * may have as much of it as is left, so whoever holds most is full first. @defaultValue 256 MiB
   */
  readonly outboxBytes?: number;
  /**
   * What all messages of peers hold together that wait for busy handlers, in bytes; shared in the
   * same way. @defaultValue 256 MiB
   */
  readonly mailboxBytes?: number;
  /** Handshakes that may wait for their answer; above it there is a 503. @defaultValue 4096 */
  readonly pendingHandshakes?: number;
  /** Header lines of one handshake; above it there is a 431. @defaultValue 100, browsers send 20 */
  readonly maxHeaders?: number;
  /**
   * WebSockets and requests that one client may have open over one HTTP/2 connection; `serve` only.
   * @defaultValue 100, what browsers and proxies are used to
   */
  readonly maxStreams?: number;
  /** How long an HTTP/2 connection may be quiet with nothing open; `serve` only. @defaultValue 60 s */
  readonly sessionTimeout?: number;
}

/** All limits with their values. */
export const defaultServerLimits: Required<ServerLimits> = {
  ...defaultLimits,
  partialBytes: 256 * 1024 * 1024,
  outboxBytes: 256 * 1024 * 1024,
  mailboxBytes: 256 * 1024 * 1024,
  pendingHandshakes: 4096,
  maxHeaders: 100,
  maxStreams: 100,
  sessionTimeout: 60_000,
};

/** Where an application's error happened. */
export interface ErrorContext {
  readonly scope: Scope;
  readonly phase: Phase;
  /** The consumer's class, or the name of the application. */
  readonly consumer: string;
}

/** What `serve` and `attach` have in common. */
export interface WebSocketOptions<S extends Scope = Scope> {
  /** The application, or the consumer class, that connections are given to. */
  readonly websocket: Servable<S>;
  /** Which pages may connect. @defaultValue "same-host", since browsers send cookies along */
  readonly origins?: OriginPolicy;
  readonly limits?: ServerLimits;
  /**
   * Whether messages are compressed for clients that offer it (`permessage-deflate`, RFC 7692), and
   * how. @defaultValue false: it saves traffic, and costs time and memory for each connection
   */
  readonly compression?: boolean | CompressionOptions;
  /**
   * Addresses or networks of proxies whose `X-Forwarded-*` headers are believed. They govern
   * `scope.client`, `scope.secure` and the same-host rule. @defaultValue none
   */
  readonly trustProxy?: readonly string[];
  /** A structured logger, pino for example. @defaultValue JSON lines on stderr */
  readonly log?: Logger;
  /** Hears of every error of the application. What it throws is logged. */
  readonly onError?: (error: unknown, context: ErrorContext) => unknown;
  /** Time; tests hand in their own. @defaultValue the system's */
  readonly clock?: Clock;
}

/** How a server ends. */
export interface CloseOptions {
  /** How long connections and handlers have, in milliseconds. @defaultValue 30 s */
  readonly timeout?: number;
  /** The close code that clients get. @defaultValue 1012, service restart: come back */
  readonly code?: number;
  readonly reason?: string;
}

/** The names of the common options. */
export const webSocketOptionNames = [
  "websocket",
  "origins",
  "limits",
  "compression",
  "trustProxy",
  "log",
  "onError",
  "clock",
  "layer",
] as const;

/**
 * Refuses options that cannot be used, as far as no other place looks at them.
 * @throws UsageError `ERR_INVALID_OPTION` naming the option and the value.
 */
export function checkOptions(
  of: string,
  options: WebSocketOptions & { readonly layer?: ChannelLayer },
  names: readonly string[],
): void {
  const check = new OptionCheck(of);
  check.names(options, names);
  const { log, layer, trustProxy } = options;
  check.callable("onError", options.onError);
  if (layer !== undefined) check.layer("layer", layer);
  if (trustProxy !== undefined && !Array.isArray(trustProxy)) {
    check.wrong("trustProxy", trustProxy, 'a list of addresses and networks, like ["10.0.0.0/8"]');
  }
  if (log === undefined) return;
  for (const level of ["debug", "info", "warn", "error"] as const) {
    if (typeof log?.[level] === "function") continue;
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `log has no method ${level}: it needs debug, info, warn and error, each (fields, message)`,
    );
  }
}

/** The names of {@link CloseOptions}. */
export const closeOptionNames: readonly string[] = ["timeout", "code", "reason"];
