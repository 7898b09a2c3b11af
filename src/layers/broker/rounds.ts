import { randomInt } from "node:crypto";
import type { Clock } from "../../internal/clock.ts";

/** What {@link Rounds} need to know. */
export interface RoundsOptions {
  readonly clock: Clock;
  /** About how often each is looked after, in milliseconds. */
  readonly interval: number;
  /** Looks after one. */
  readonly check: (group: string) => void;
}

/**
 * Looks after groups that are quiet: what comes live may be lost in silence, and without a next
 * message nobody would notice. Each has its turn in every interval, unless something of it came.
 *
 * Their turns are spread over the interval, and processes do not keep step with each other.
 */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #slots: Map<string, Beat>[] = Array.from({ length: slotCount }, () => new Map());
  readonly #beats = new Map<string, Beat>();
  #next = 0;
  #cancel: (() => void) | undefined;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** How many are looked after. */
  get size(): number {
    return this.#beats.size;
  }

  /** Begins to look after one. */
  add(group: string): void {
    if (this.#beats.has(group)) return;
    const beat: Beat = { isHeard: true, slot: this.#slots[randomInt(slotCount)]! };
    this.#beats.set(group, beat);
    beat.slot.set(group, beat);
    this.#schedule();
  }

  /** Something of it came: it can wait for another turn. */
  heard(group: string): void {
    const beat = this.#beats.get(group);
    if (beat !== undefined) beat.isHeard = true;
  }

  /** Looks after one no longer. */
  remove(group: string): void {
    const beat = this.#beats.get(group);
    if (beat === undefined) return;
    this.#beats.delete(group);
    beat.slot.delete(group);
    if (this.#beats.size === 0) this.clear();
  }

  /** Looks after none any more. */
  clear(): void {
    this.#beats.clear();
    for (const slot of this.#slots) slot.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(): void {
    const { clock, interval } = this.#options;
    const share = interval / slotCount;
    const delay = share * (0.75 + randomInt(1_000) / 2_000);
    this.#cancel ??= clock.after(delay, () => this.#turn(), true);
  }

  #turn(): void {
    this.#cancel = undefined;
    this.#schedule();
    const slot = this.#slots[this.#next]!;
    this.#next = (this.#next + 1) % slotCount;
    for (const [group, beat] of [...slot]) {
      if (beat.isHeard) beat.isHeard = false;
      else this.#options.check(group);
    }
  }
}

interface Beat {
  /** Something came since its last turn. */
  isHeard: boolean;
  readonly slot: Map<string, Beat>;
}

const slotCount = 16;
