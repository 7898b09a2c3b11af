import type { Clock } from "../internal/clock.ts";
import { sliceTime } from "./read-slice.ts";

/** How long one slot lasts, in milliseconds: deadlines are kept to that precision. */
const slotTime = 50;
const slotCount = 512;

/** How many slots one wake-up catches up at most. */
const maxCatchUp = 4;

/**
 * All deadlines of a server on one timer, in slots: setting and lifting one is a change of two
 * pointers.
 *
 * The wheel counts its own turns instead of reading the clock: when the event loop stalls, every
 * deadline moves by the length of the stall, and no peer is punished for our own pause.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: (Deadline | undefined)[] = new Array(slotCount).fill(undefined);
  /** Slots passed so far. */
  #turn = 0;
  #woken = 0;
  #count = 0;
  /** Slots that are due to be gone through. */
  #behind = 0;
  #cancel: (() => void) | undefined;
  /** The next deadline to look at, while a slot is gone through. */
  #cursor: Deadline | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Time as the wheel counts it, in milliseconds: stalls of the loop are left out. */
  get time(): number {
    return this.#turn * slotTime;
  }

  /** Deadlines that are set. */
  get size(): number {
    return this.#count;
  }

  /** @internal Puts a deadline into its slot. */
  add(deadline: Deadline, delay: number): void {
    deadline.due = this.#turn + Math.max(1, Math.ceil(delay / slotTime));
    const slot = deadline.due % slotCount;
    const next = this.#slots[slot];
    deadline.next = next;
    if (next !== undefined) next.previous = deadline;
    this.#slots[slot] = deadline;
    if (this.#count++ === 0 && this.#behind === 0) {
      this.#woken = this.#clock.now();
      this.#sleep();
    }
  }

  /** @internal Takes a deadline out of its slot. */
  remove(deadline: Deadline): void {
    const { next, previous } = deadline;
    if (deadline === this.#cursor) this.#cursor = next;
    if (previous === undefined) this.#slots[deadline.due % slotCount] = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    deadline.next = undefined;
    deadline.previous = undefined;
    deadline.due = 0;
    if (--this.#count === 0) {
      this.#cancel?.();
      this.#cancel = undefined;
    }
  }

  #sleep(): void {
    this.#cancel ??= this.#clock.after(slotTime, this.#wake);
  }

  readonly #wake = (): void => {
    this.#cancel = undefined;
    const now = this.#clock.now();
    const passed = Math.floor((now - this.#woken) / slotTime);
    // A stall is forgotten here; without one, the odd millisecond is carried on.
    this.#woken = passed > maxCatchUp ? now : this.#woken + passed * slotTime;
    this.#behind = Math.min(passed, maxCatchUp);
    if (this.#behind > 0) this.#beginSlot();
    this.#goOn();
  };

  /** Goes through the slots that are due; what takes longer goes on in another turn of the loop. */
  readonly #goOn = (): void => {
    const began = this.#clock.now();
    while (this.#behind > 0 && this.#count > 0) {
      if (!this.#expireSlot(began)) return this.#clock.endOfTurn(this.#goOn);
      if (--this.#behind > 0) this.#beginSlot();
    }
    this.#behind = 0;
    if (this.#count > 0) this.#sleep();
  };

  #beginSlot(): void {
    this.#turn++;
    // What is set meanwhile goes in before the cursor, what is lifted moves it on.
    this.#cursor = this.#slots[this.#turn % slotCount];
  }

  /** Whether the slot is done. */
  #expireSlot(began: number): boolean {
    while (this.#cursor !== undefined) {
      if (this.#clock.now() - began > sliceTime) return false;
      const deadline = this.#cursor;
      this.#cursor = deadline.next;
      if (deadline.due !== this.#turn) continue;
      this.remove(deadline);
      deadline.expire();
    }
    return true;
  }
}

/** One deadline; it can be set again and again. Subclasses say what happens when it passes. */
export abstract class Deadline {
  readonly #wheel: TimerWheel;
  /** @internal */ due = 0;
  /** @internal */ next: Deadline | undefined = undefined;
  /** @internal */ previous: Deadline | undefined = undefined;

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  /** Whether it is running. */
  get isSet(): boolean {
    return this.due !== 0;
  }

  /** The time, as its wheel counts it. */
  protected get time(): number {
    return this.#wheel.time;
  }

  /** Starts it, or starts it over, to pass after `delay` milliseconds. */
  set(delay: number): void {
    this.lift();
    this.#wheel.add(this, delay);
  }

  /** Stops it, if it runs. */
  lift(): void {
    if (this.due !== 0) this.#wheel.remove(this);
  }

  /** @internal Called by the wheel. */
  abstract expire(): void;
}
