import { Deadline, type TimerWheel } from "./timer-wheel.ts";

/** A {@link Deadline} that calls a function. */
export class Alarm extends Deadline {
  readonly #ring: () => void;

  constructor(wheel: TimerWheel, ring: () => void) {
    super(wheel);
    this.#ring = ring;
  }

  /** @internal */
  override expire(): void {
    this.#ring();
  }
}
