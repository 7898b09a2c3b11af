import { UsageError } from "../errors.ts";
import { checkOptionNames } from "./option-names.ts";

/** Limits of one connection. Sizes are bytes, times are milliseconds. */
export interface ConnectionLimits {
  /** The largest message that is received, inclusive. @defaultValue 1 MiB: a page of chat, not a film */
  readonly maxMessageSize?: number;
  /**
   * What may wait for a peer that does not read, before the slow policy acts. When answers fill a
   * quarter of it, nothing more is read from the peer. @defaultValue 2 MiB: what a full mailbox is
   * answered with, and that quarter
   */
  readonly outboxSize?: number;
  /** What the peer sends may wait for a busy handler up to here, then reading pauses. @defaultValue 1 MiB */
  readonly mailboxSize?: number;
  /**
   * How many layer messages may wait for a busy handler before its slow policy acts. The peer's
   * messages pause reading at half of it. @defaultValue 4096
   */
  readonly mailboxMessages?: number;
  /**
   * Control frames and empty fragments in a second, with ten seconds' worth at once: what costs the
   * peer next to nothing, and the application never sees. @defaultValue 1000
   */
  readonly controlFrames?: number;
  /** How long `open` may take before the client gets a 503. @defaultValue 10 s */
  readonly connectTimeout?: number;
  /** How long a handler may go on after the connection ended, and `disconnect` after that. @defaultValue 10 s */
  readonly disconnectTimeout?: number;
  /** How long the peer may take to answer a close frame. @defaultValue 5 s */
  readonly closeTimeout?: number;
  /** How long one message may take to arrive, from its first byte. @defaultValue 60 s */
  readonly messageTimeout?: number;
  /** The longest time that reading stays paused by us. @defaultValue 60 s */
  readonly pauseTimeout?: number;
  /** How long a connection is quiet before it is pinged. @defaultValue 25 s, below usual proxy timeouts */
  readonly pingInterval?: number;
  /** How long the peer may take to answer a ping. @defaultValue 20 s */
  readonly pingTimeout?: number;
}

/** The limits that hold where nothing else was said. */
export const defaultLimits: Required<ConnectionLimits> = {
  maxMessageSize: 1024 * 1024,
  outboxSize: 2 * 1024 * 1024,
  mailboxSize: 1024 * 1024,
  mailboxMessages: 4096,
  controlFrames: 1000,
  connectTimeout: 10_000,
  disconnectTimeout: 10_000,
  closeTimeout: 5_000,
  messageTimeout: 60_000,
  pauseTimeout: 60_000,
  pingInterval: 25_000,
  pingTimeout: 20_000,
};

/** The limits with their defaults. @throws UsageError `ERR_INVALID_OPTION` naming the limit and the value. */
export function completeLimits<Limits extends object>(
  limits: Partial<Limits> = {},
  defaults: Limits,
): Limits {
  checkOptionNames("limits", limits, Object.keys(defaults));
  // What is undefined is left to its default, as if it had not been written.
  const given = Object.entries<unknown>(limits).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (!(Number.isSafeInteger(value) && (value as number) > 0)) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `limits.${name} is ${JSON.stringify(value)}: it has to be a whole number above 0`,
      );
    }
  }
  return { ...defaults, ...Object.fromEntries(given) };
}
