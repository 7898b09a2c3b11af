import { UsageError } from "../errors.ts";
import { OptionCheck } from "../internal/option-check.ts";

/**
 * How messages are compressed, where client and server agree on it: `permessage-deflate`,
 * RFC 7692. Every field has a default.
 *
 * "Context takeover" means that a message is compressed with the help of those before it. Small
 * messages that resemble each other become much smaller that way, but each connection then keeps
 * the end of what went before, in both directions.
 */
export interface CompressionOptions {
  /**
   * Messages of fewer bytes are sent as they are. @defaultValue 512: below it, deflate saves less than a
   * packet, and costs more than it saves
   */
  readonly threshold?: number;
  /** The server compresses each message by itself. @defaultValue false */
  readonly serverNoContextTakeover?: boolean;
  /** The client compresses each message by itself. @defaultValue false */
  readonly clientNoContextTakeover?: boolean;
  /**
   * The server looks back at most 2 to the power of this many bytes: 8 to 15. @defaultValue 15; what a
   * server keeps for sending is bounded at 24 KiB for each connection anyway
   */
  readonly serverMaxWindowBits?: number;
  /**
   * The client looks back at most 2 to the power of this many bytes: 8 to 15. That much a server keeps of
   * each client that lets itself be told; of others it keeps 32 KiB. @defaultValue 13, 8 KiB: little is
   * lost on small messages
   */
  readonly clientMaxWindowBits?: number;
  /**
   * What the contexts of all connections may hold together, in bytes. Where there is no room,
   * messages are compressed without context; nothing fails. @defaultValue 64 MiB
   */
  readonly memory?: number;
  /**
   * How many bytes are inflated in one turn of the event loop, for all connections together; the rest
   * waits for the next turn. @defaultValue 1 MiB, some milliseconds
   */
  readonly workPerTurn?: number;
}

/** The values of options that were not given. */
export const defaultCompression: Required<CompressionOptions> = {
  threshold: 512,
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 13,
  memory: 64 * 1024 * 1024,
  workPerTurn: 1024 * 1024,
};

/** How to compress, with all defaults; undefined for not at all. @throws UsageError `ERR_INVALID_OPTION` */
export function completeCompression(
  compression: boolean | CompressionOptions,
): Required<CompressionOptions> | undefined {
  if (compression === false) return undefined;
  if (compression === true) return defaultCompression;
  if (typeof compression !== "object" || compression === null) {
    const given = JSON.stringify(compression);
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `compression is ${given}: it has to be true, false or an object of options`,
    );
  }
  return checkedCompression(compression);
}

/**
 * Fills in the defaults.
 *
 * @throws UsageError `ERR_INVALID_OPTION` for an unknown name and for a value out of range.
 */
export function checkedCompression(given: CompressionOptions): Required<CompressionOptions> {
  check.names(given, Object.keys(defaultCompression));
  const options = { ...defaultCompression };
  for (const name of ["threshold", "memory", "workPerTurn"] as const) {
    const value = given[name] ?? options[name];
    const least = name === "workPerTurn" ? 1 : 0;
    if (!(value >= least)) check.wrong(name, value, `a number of at least ${least}`);
    options[name] = value;
  }
  for (const name of ["serverMaxWindowBits", "clientMaxWindowBits"] as const) {
    const value = given[name] ?? options[name];
    if (!Number.isInteger(value) || value < 8 || value > 15) check.wrong(name, value, "8 to 15");
    options[name] = value;
  }
  for (const name of ["serverNoContextTakeover", "clientNoContextTakeover"] as const) {
    const value: unknown = given[name] ?? options[name];
    if (typeof value !== "boolean") check.wrong(name, value, "true or false");
    options[name] = value;
  }
  return options;
}

const check: OptionCheck = new OptionCheck("compression");
