import type { Clock } from "../../internal/clock.ts";

/** Something that ends by itself, or is given up when its time has come. */
export interface Due {
  due: number;
}

/**
 * The deadlines of things that all may take equally long: one timer for all of them. The first one that
 * is late ends it: whoever does not answer one does not answer those behind it.
 */
export class Deadlines<D extends Due> {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #late: () => void;
  /** In the order in which they began, which is that of their deadlines. */
  readonly #waiting = new Set<D>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, timeout: number, late: () => void) {
    this.#clock = clock;
    this.#timeout = timeout;
    this.#late = late;
  }

  /** What has neither ended nor been given up, oldest first. */
  get waiting(): ReadonlySet<D> {
    return this.#waiting;
  }

  /** Begins to wait for something. */
  add(due: D): void {
    due.due = this.#clock.now() + this.#timeout;
    this.#waiting.add(due);
    this.#cancel ??= this.#clock.after(this.#timeout, () => this.#look());
  }

  /** Something has ended in time; false if it was given up before. */
  end(due: D): boolean {
    const was = this.#waiting.delete(due);
    if (this.#waiting.size === 0) this.clear();
    return was;
  }

  /** Waits for nothing any more. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#waiting.clear();
  }

  #look(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    for (const { due } of this.#waiting) {
      if (due <= now) return this.#late();
      this.#cancel = this.#clock.after(due - now, () => this.#look());
      return;
    }
  }
}
