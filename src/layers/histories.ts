import { randomBytes } from "node:crypto";
import type { Clock } from "../internal/clock.ts";
import type { LayerMessage } from "./channel-layer.ts";
import { History } from "./history.ts";
import type { HistoryRules } from "./history-rule.ts";

/** What the histories of a process need to know. */
export interface HistoriesOptions {
  readonly rules: HistoryRules;
  readonly clock: Clock;
  /** What all of them together may hold, in bytes as a {@link HistoryRule} counts them. */
  readonly bytes: number;
  /** Whether a group has members here: its history stays, however quiet it is. */
  readonly isJoined: (group: string) => boolean;
}

/**
 * The histories of all groups of a process, under one bound and one timer.
 *
 * A group's history begins when it is first sent to or joined. Once it is empty, without members and
 * unused for its `ttl` it is forgotten, and a later one has another epoch: a position of the former
 * is never taken for one of the latter.
 */
export class Histories<M = LayerMessage> {
  readonly #options: HistoriesOptions;
  /** The least recently sent to first. */
  readonly #histories = new Map<string, History<M>>();
  /** 128 random bits for this object; the count makes an epoch of each history. */
  readonly #nonce = randomBytes(16).toString("base64url");
  #begun = 0;
  #bytes = 0;
  #cancelSweep: (() => void) | undefined;

  constructor(options: HistoriesOptions) {
    this.#options = options;
  }

  /** How many groups have one. */
  get size(): number {
    return this.#histories.size;
  }

  /** What they hold together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The history of a group, begun now if there is none; undefined where no rule asks for one. */
  of(group: string): History<M> | undefined {
    const known = this.#histories.get(group);
    if (known !== undefined) return known;
    const rule = this.#options.rules.of(group);
    if (rule === undefined) return undefined;
    this.#begun += 1;
    const epoch = `${this.#nonce}.${this.#begun.toString(36)}`;
    const history = new History<M>(group, epoch, rule, this.#options.clock.now());
    this.#histories.set(group, history);
    this.#bytes += emptyCost;
    if (this.#bytes > this.#options.bytes) this.#shrink(history);
    this.#scheduleSweep();
    return history;
  }

  /** A history is in use now: its last member left. */
  touch(group: string): void {
    this.#histories.get(group)?.touch(this.#options.clock.now());
  }

  /** Counts what a history has gained or lost since it held `before` bytes, and keeps to the bound. */
  grown(group: string, history: History<M>, before: number): void {
    this.#bytes += history.bytes - before;
    this.#histories.delete(group);
    this.#histories.set(group, history);
    if (this.#bytes > this.#options.bytes) this.#shrink(history);
    this.#scheduleSweep();
  }

  /** Forgets all of them. */
  clear(): void {
    this.#histories.clear();
    this.#bytes = 0;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
  }

  /** Those that were longest not sent to give way; the newest message of all is never dropped. */
  #shrink(newest: History<M>): void {
    const { bytes, isJoined } = this.#options;
    for (const [group, history] of this.#histories) {
      const least = history === newest ? 1 : 0;
      while (this.#bytes > bytes && history.length > least) {
        const before = history.bytes;
        history.dropOldest();
        this.#bytes += history.bytes - before;
      }
      if (this.#bytes <= bytes) return;
      if (history !== newest && !isJoined(group)) this.#forget(group, history);
    }
  }

  #forget(group: string, history: History<M>): void {
    this.#histories.delete(group);
    this.#bytes -= history.bytes + emptyCost;
  }

  #scheduleSweep(): void {
    const { clock } = this.#options;
    this.#cancelSweep ??= clock.after(sweepInterval, () => this.#onSweep(), true);
  }

  #onSweep(): void {
    this.#cancelSweep = undefined;
    this.#sweep(this.#options.clock.now());
    if (this.#histories.size > 0) this.#scheduleSweep();
  }

  #sweep(now: number): void {
    for (const [group, history] of this.#histories) {
      const before = history.bytes;
      const isEmpty = history.sweep(now);
      this.#bytes += history.bytes - before;
      if (!isEmpty || this.#options.isJoined(group)) continue;
      if (!history.isUnusedSince(now - history.rule.ttl)) continue;
      this.#forget(group, history);
    }
  }
}

/** What a history costs that holds nothing: measured, and rounded up. */
const emptyCost = 1_024;

/** How often all of them are looked through, in milliseconds. Too old messages are never given out. */
const sweepInterval = 10_000;
