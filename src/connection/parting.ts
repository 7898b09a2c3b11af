import { Alarm } from "./alarm.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** How a connection ends: what is told of it, and an alarm for a peer that does not go. */
export class Parting extends Alarm {
  /** The first close code that was sent or received. */
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, wheel: TimerWheel, ring: () => void) {
    super(wheel, ring);
    this.code = code;
    this.reason = reason;
  }
}
