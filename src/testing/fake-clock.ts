import { type Clock, systemClock } from "../internal/clock.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/**
 * A clock that only moves when it is told to. The turns of the event loop stay real.
 *
 * ```ts
 * const clock = new FakeClock();
 * const server = await serve({ websocket: Chat, clock });
 * clock.advance(25_000); // every idle connection is pinged
 * ```
 */
export class FakeClock implements Clock {
  #now = 0;
  #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  after(delay: number, callback: () => void): () => void {
    const timer = { due: this.#now + delay, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  endOfTurn(callback: () => void): void {
    systemClock.endOfTurn(callback);
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Lets `duration` milliseconds pass: every timer rings at its own time, in order. */
  advance(duration: number): void {
    const end = this.#now + duration;
    for (;;) {
      const next = this.#next(end);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = end;
  }

  /** Lets time pass as a stalled process sees it: all at once, and timers ring only afterwards. */
  stall(duration: number): void {
    this.#now += duration;
    this.advance(0);
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }
}
