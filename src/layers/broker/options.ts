import { type Clock, systemClock } from "../../internal/clock.ts";
import { OptionCheck } from "../../internal/option-check.ts";
import { type Codec, jsonCodec } from "../codec.ts";
import { type HistoryRule, HistoryRules } from "../history-rule.ts";
import { rethrow } from "../local-groups.ts";
import { type EncryptionOptions, Sealer } from "./sealer.ts";

/** Options of every layer over a broker. */
export interface BrokerLayerOptions {
  /**
   * How many messages wait on a named channel that nobody reads; one more rejects with
   * `ERR_CHANNEL_FULL`. @defaultValue 100
   */
  readonly capacity?: number;
  /** How long a message waits for a reader, in milliseconds. @defaultValue 60 000 */
  readonly expiry?: number;
  /**
   * Which groups have a history, and how much of it. All processes need the same rules.
   * @defaultValue none
   */
  readonly history?: readonly HistoryRule[];
  /** How long changes of presence are gathered, in milliseconds. @defaultValue 100 */
  readonly presenceInterval?: number;
  /**
   * How long a process may be silent until the others take it for dead, in milliseconds. One that the
   * engine knows to be gone is given up at once. @defaultValue 10 000
   */
  readonly lease?: number;
  /**
   * How long other processes may take to answer, in milliseconds, until a call rejects with
   * `ERR_LAYER_UNREACHABLE`. @defaultValue 5 000
   */
  readonly timeout?: number;
  /**
   * How long a quiet group with a history goes without being compared with the engine, in
   * milliseconds: live messages may be lost without anybody noticing. @defaultValue 30 000
   */
  readonly checkInterval?: number;
  /**
   * How much may be on its way to the engine, in bytes; what would be more is refused with
   * `ERR_LAYER_UNREACHABLE`. @defaultValue 32 MiB
   */
  readonly backlog?: number;
  /** How messages are written down. All processes need the same. @defaultValue `jsonCodec` */
  readonly codec?: Codec;
  /** Hides what is sent from the engine, with AES-256-GCM. @defaultValue nothing is encrypted */
  readonly encryption?: EncryptionOptions;
  /** What tells the time. @defaultValue the system's */
  readonly clock?: Clock;
  /** Gets what members throw, which they must not. @defaultValue an uncaught exception */
  readonly onError?: (error: unknown) => void;
}

/** Their names. */
export const brokerOptionNames: readonly string[] = [
  "capacity",
  "expiry",
  "history",
  "presenceInterval",
  "lease",
  "timeout",
  "checkInterval",
  "backlog",
  "codec",
  "encryption",
  "clock",
  "onError",
] satisfies (keyof BrokerLayerOptions)[];

/** Options that were checked, and are whole. */
export interface FullOptions {
  readonly capacity: number;
  readonly expiry: number;
  readonly rules: HistoryRules;
  readonly presenceInterval: number;
  readonly lease: number;
  readonly timeout: number;
  readonly checkInterval: number;
  readonly backlog: number;
  readonly codec: Codec;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/**
 * The options that were given, and the defaults of the others. `layer` is how the user calls it.
 * @throws UsageError `ERR_INVALID_OPTION`, with the option, its value and what it must be.
 */
export function completeOptions(given: BrokerLayerOptions, layer: string): FullOptions {
  const check = new OptionCheck(layer);
  const amount = (name: AmountName): number => {
    const [fallback, least] = amounts[name];
    const value = given[name] ?? fallback;
    check.whole(name, value, least, most);
    return value;
  };
  return {
    capacity: amount("capacity"),
    expiry: amount("expiry"),
    rules: new HistoryRules(given.history ?? []),
    presenceInterval: amount("presenceInterval"),
    lease: amount("lease"),
    timeout: amount("timeout"),
    checkInterval: amount("checkInterval"),
    backlog: amount("backlog"),
    codec: given.codec ?? jsonCodec,
    sealer: new Sealer(given.encryption),
    clock: given.clock ?? systemClock,
    onError: given.onError ?? rethrow,
  };
}

/** Each option that is an amount, with its default and the least that it may be. */
const amounts = {
  capacity: [100, 0],
  expiry: [60_000, 1],
  presenceInterval: [100, 0],
  lease: [10_000, 100],
  timeout: [5_000, 1],
  checkInterval: [30_000, 100],
  backlog: [32 * 1024 * 1024, 1],
} as const satisfies Partial<Record<keyof BrokerLayerOptions, readonly [number, number]>>;

type AmountName = keyof typeof amounts;

/** Node's timers hold 31 bits of milliseconds. */
const most = 2 ** 31 - 1;
