import type { RedisLink } from "./connection.ts";

/**
 * One shard channel that somebody wants to hear. What is wanted and what the server knows may differ;
 * {@link Ear} brings them together, with one command at a time for each channel.
 */
export class Subscription {
  readonly channel: string;
  readonly slot: number;
  isWanted = true;
  /** It was on once, so it comes on again by itself whenever the connection does. */
  isKept = false;
  state: "off" | "starting" | "on" | "ending" = "off";
  /** The link that the state is about. */
  link: RedisLink | undefined;
  #waiting: Waiter[] = [];
  #leaving: (() => void)[] = [];

  constructor(channel: string, slot: number) {
    this.channel = channel;
    this.slot = slot;
  }

  /** Resolves when it is on; rejects if that fails. */
  started(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Resolves when it is off. */
  ended(): Promise<void> {
    return new Promise((resolve) => this.#leaving.push(resolve));
  }

  /** It is on. */
  succeed(): void {
    this.isKept = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve } of waiting) resolve();
  }

  /** It could not be brought on. */
  fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }

  /** Nobody hears it any more. */
  leave(): void {
    const leaving = this.#leaving;
    this.#leaving = [];
    for (const resolve of leaving) resolve();
  }
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}
