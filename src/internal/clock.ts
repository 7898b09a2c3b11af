/**
 * Time, handed in from outside so that tests can own it. This file alone touches timers.
 *
 * Deadlines use monotonic time: a wall clock that jumps closes no connection.
 */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /**
   * Calls `callback` once after `delay` milliseconds and returns a function that prevents it. What only
   * tidies up is `background`: a process that has nothing else to do ends without it.
   */
  after(delay: number, callback: () => void, background?: boolean): () => void;
  /** Calls `callback` once this turn of the event loop is over. */
  endOfTurn(callback: () => void): void;
}

/** Looked up once: the global is a getter, and every message would call it. */
const monotonic = performance;

/**
 * The real clock. Its timers keep a process alive, but for those in the background, so whoever sets
 * one lifts it when it is moot.
 */
export const systemClock: Clock = {
  now: () => monotonic.now(),
  after(delay, callback, background = false) {
    const timer = setTimeout(callback, delay);
    if (background) timer.unref();
    return () => clearTimeout(timer);
  },
  endOfTurn(callback) {
    setImmediate(callback);
  },
};

/**
 * Dates, for what others wrote down with one: when a session ends. The time of day may jump, so
 * nothing of ours waits for it.
 */
export const calendar = {
  /** Milliseconds since 1970. */
  now(): number {
    return Date.now();
  },
  /** The milliseconds since 1970 of a date, or of a date's text; NaN of anything else. */
  read(date: unknown): number {
    return date === null ? Number.NaN : new Date(date as Date | string).getTime();
  },
  /** The date of so many milliseconds since 1970. */
  date(time: number): Date {
    return new Date(time);
  },
};
