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
 * Their turns are spread over the interval. Nothing is random, so what happens can be repeated; but
 * no two delays are alike, and processes do not keep step with each other.
 */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #slots: Map<string, Beat>[] = Array.from({ length: slotCount }, () => new Map());
  readonly #beats = new Map<string, Beat>();
  #next = 0;
  #added = 0;
  #turns = 0;
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
    this.#added += 1;
    const beat: Beat = { isHeard: true, slot: this.#slots[this.#added % slotCount]! };
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
    if (this.#cancel !== undefined) return;
    this.#turns += 1;
    const delay = jittered(interval / slotCount, this.#turns);
    this.#cancel = clock.after(delay, () => this.#turn(), true);
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

/** A delay from three to five quarters of what is wanted, another one each time. */
export function jittered(delay: number, time: number): number {
  return delay * (0.75 + ((time * goldenRatio) % 1) / 2);
}

/** Its multiples are spread evenly, however many there are. */
const goldenRatio = (Math.sqrt(5) - 1) / 2;
