import type { Clock } from "../internal/clock.ts";
import type { Delivery, Gap, LayerMessage, Member } from "../layers/channel-layer.ts";

/** What becomes of a message on its way. */
export interface Fate {
  readonly lost: boolean;
  /** In milliseconds. */
  readonly delay: number;
  /** Whether it may come before those that were sent earlier. */
  readonly overtakes: boolean;
}

/** A member around a member: some of its messages come late, out of order, or never. */
export class LateMember implements Member {
  readonly #member: Member;
  readonly #clock: Clock;
  readonly #fate: () => Fate;
  /** What is on its way; the next to come is the first. */
  #parcels: Parcel[] = [];

  /** `fate` is asked once for each message. */
  constructor(member: Member, clock: Clock, fate: () => Fate) {
    this.#member = member;
    this.#clock = clock;
    this.#fate = fate;
  }

  deliver(message: LayerMessage, delivery: Delivery): void {
    const fate = this.#fate();
    if (this.#isPrompt(fate)) this.#member.deliver(message, delivery);
    else this.#delay(fate, message, delivery);
  }

  /** What comes late is taken whether there is room or not: nobody could be told any more. */
  offer(message: LayerMessage, delivery: Delivery): boolean {
    const fate = this.#fate();
    if (!this.#isPrompt(fate)) {
      this.#delay(fate, message, delivery);
      return true;
    }
    if (this.#member.offer !== undefined) return this.#member.offer(message, delivery);
    this.#member.deliver(message, delivery);
    return true;
  }

  #isPrompt({ lost, delay }: Fate): boolean {
    return !lost && delay === 0 && this.#parcels.length === 0;
  }

  #delay({ lost, delay, overtakes }: Fate, message: LayerMessage, delivery: Delivery): void {
    if (lost) return;
    const now = this.#clock.now();
    const last = this.#parcels.at(-1)?.due ?? now;
    const due = overtakes ? now + delay : Math.max(now + delay, last);
    const lift = this.#clock.after(due - now, () => this.#arrive(parcel));
    const parcel: Parcel = { due, message, delivery, lift };
    const place = this.#parcels.findIndex((other) => other.due > due);
    this.#parcels.splice(place < 0 ? this.#parcels.length : place, 0, parcel);
  }

  gap(gap: Gap): void {
    this.#member.gap?.(gap);
  }

  /** Whoever left a group, or all of them, gets nothing more of it: not even what is on its way. */
  forget(group?: string): void {
    const isOver = ({ delivery }: Parcel) => group === undefined || delivery.group === group;
    for (const parcel of this.#parcels.filter(isOver)) parcel.lift();
    this.#parcels = this.#parcels.filter((parcel) => !isOver(parcel));
  }

  /** Delivers one, and what stands before it: real timers of one moment ring in any order. */
  #arrive(parcel: Parcel): void {
    const place = this.#parcels.indexOf(parcel);
    for (const { message, delivery, lift } of this.#parcels.splice(0, place + 1)) {
      lift();
      this.#member.deliver(message, delivery);
    }
  }
}

interface Parcel {
  readonly due: number;
  readonly message: LayerMessage;
  readonly delivery: Delivery;
  readonly lift: () => void;
}
