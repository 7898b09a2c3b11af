import { Deadline, type TimerWheel } from "./timer-wheel.ts";

/** The connection that a {@link Keepalive} watches over. */
export interface Kept {
  /** Whether we do not read at the moment: then silence says nothing about the peer. */
  readonly paused: boolean;
  /** Sends a ping. */
  ping(): void;
  /** The peer is gone: nothing came for a ping interval and a ping timeout. */
  vanished(): void;
}

/**
 * Finds peers that are gone without a word (RFC 6455 §5.5.2). A connection that was quiet for an
 * interval is pinged; anything at all that comes shows that the peer is there.
 */
export class Keepalive extends Deadline {
  readonly #kept: Kept;
  readonly #interval: number;
  readonly #timeout: number;
  #heard = false;
  #pinged = false;

  constructor(wheel: TimerWheel, kept: Kept, interval: number, timeout: number) {
    super(wheel);
    this.#kept = kept;
    this.#interval = interval;
    this.#timeout = timeout;
    this.set(interval);
  }

  /** Something came from the peer. */
  heard(): void {
    this.#heard = true;
  }

  /** @internal */
  override expire(): void {
    if (this.#pinged && !this.#heard && !this.#kept.paused) return this.#kept.vanished();
    if (this.#heard && !this.#kept.paused) {
      this.#heard = false;
      this.#pinged = false;
      return this.set(this.#interval);
    }
    this.#heard = false;
    this.#pinged = true;
    this.#kept.ping();
    this.set(this.#timeout);
  }
}
