import type { Clock } from "../internal/clock.ts";

/** How much may come in how much time; what is left out is not limited. */
export interface Quota {
  readonly messages?: number | undefined;
  readonly bytes?: number | undefined;
  /** In milliseconds. */
  readonly window: number;
}

/**
 * What somebody may still send: a token bucket each for messages and bytes. Both are full at first,
 * and fill up evenly within a window.
 */
export class Allowance {
  readonly #quota: Quota;
  readonly #clock: Pick<Clock, "now">;
  #messages: number;
  #bytes: number;
  #filled: number;

  constructor(quota: Quota, clock: Pick<Clock, "now">) {
    this.#quota = quota;
    this.#clock = clock;
    this.#messages = quota.messages ?? Number.POSITIVE_INFINITY;
    this.#bytes = quota.bytes ?? Number.POSITIVE_INFINITY;
    this.#filled = clock.now();
  }

  /**
   * Whether a message of this size may come in; then it is taken off. The last one may be larger than
   * what is left: the debt is paid before the next.
   */
  take(size: number): boolean {
    this.#fill();
    if (this.#messages < 1 || this.#bytes <= 0) return false;
    this.#messages -= 1;
    this.#bytes -= size;
    return true;
  }

  /** Whether nothing was taken off, or it was all filled up again. */
  get full(): boolean {
    this.#fill();
    const { messages, bytes } = this.#quota;
    return (
      (messages === undefined || this.#messages === messages) &&
      (bytes === undefined || this.#bytes === bytes)
    );
  }

  #fill(): void {
    const { messages, bytes, window } = this.#quota;
    const now = this.#clock.now();
    const part = (now - this.#filled) / window;
    this.#filled = now;
    if (messages !== undefined) {
      this.#messages = Math.min(messages, this.#messages + messages * part);
    }
    if (bytes !== undefined) this.#bytes = Math.min(bytes, this.#bytes + bytes * part);
  }
}
