import { FakeClock } from "../../src/testing/fake-clock.ts";

/** A clock for which the test also says when a turn of the event loop is over. */
export class SteppedClock extends FakeClock {
  #callbacks: (() => void)[] = [];

  override endOfTurn(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  /** Whether anybody waits for the end of the turn. */
  get awaited(): boolean {
    return this.#callbacks.length > 0;
  }

  /** Ends the turn; what is asked for meanwhile waits for the end of the next one. */
  endTurn(): void {
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) callback();
  }
}
