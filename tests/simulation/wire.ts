import type { Random } from "../../src/testing/random.ts";
import type { Scheduler } from "./scheduler.ts";

/** What a {@link Wire} does to messages. What is left out does not happen. */
export interface WireFaults {
  /** The longest time that a message is on its way, in milliseconds. */
  readonly delay: number;
  /** The probability that a message never arrives, and nobody hears of it. */
  readonly drop?: number;
  /** The probability that it arrives twice. */
  readonly duplicate?: number;
  /** The probability that it may arrive before those that were sent earlier. */
  readonly overtake?: number;
}

/** One direction of a connection: carries messages, late and as its faults say, until it is cut. */
export class Wire<M> {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #faults: WireFaults;
  readonly #arrive: (message: M) => void;
  #last = 0;
  #isCut = false;

  constructor(
    scheduler: Scheduler,
    random: Random,
    faults: WireFaults,
    arrive: (message: M) => void,
  ) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#faults = faults;
    this.#arrive = arrive;
  }

  /** Whether it was cut. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Sends a message, with faults. */
  send(message: M): void {
    const { drop = 0, duplicate = 0, overtake = 0 } = this.#faults;
    if (this.#isCut || this.#random.happens(drop)) return;
    this.#carry(message, this.#random.happens(overtake));
    if (this.#random.happens(duplicate)) this.#carry(message, true);
  }

  /** Loses what is on its way and all that is sent from now on. */
  cut(): void {
    this.#isCut = true;
  }

  #carry(message: M, overtakes: boolean): void {
    const { now } = this.#scheduler;
    const due = now + this.#random.next() * this.#faults.delay;
    const arrival = overtakes ? due : Math.max(due, this.#last);
    this.#last = Math.max(this.#last, arrival);
    this.#scheduler.after(arrival - now, () => {
      if (!this.#isCut) this.#arrive(message);
    });
  }
}
