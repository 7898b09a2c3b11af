import type { ConnectionLimits } from "../internal/limits.ts";
import { Deadline, type TimerWheel } from "./timer-wheel.ts";

/** The connection that a {@link Keepalive} watches over. */
export interface Kept {
  readonly limits: Pick<Required<ConnectionLimits>, "pingInterval" | "pingTimeout">;
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
  /** When the silence began, as the wheel counts. */
  #silentSince: number;
  /** Whether we have pinged since. */
  #pinged = false;

  constructor(wheel: TimerWheel, kept: Kept) {
    super(wheel);
    this.#kept = kept;
    this.#silentSince = this.time;
    this.set(kept.limits.pingInterval);
  }

  /** Something came from the peer, or it can be heard again: silence counts from here. */
  heard(): void {
    this.#silentSince = this.time;
    this.#pinged = false;
  }

  /** @internal */
  override expire(): void {
    const { pingInterval, pingTimeout } = this.#kept.limits;
    const silence = this.time - this.#silentSince;
    if (silence < pingInterval) return this.set(pingInterval - silence);
    if (this.#pinged && !this.#kept.paused) return this.#kept.vanished();
    this.#pinged = true;
    this.#kept.ping();
    this.set(pingTimeout);
  }
}
