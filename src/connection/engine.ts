import { type Clock, systemClock } from "../internal/clock.ts";
import type { DeflateShare } from "../protocol/deflate-share.ts";
import { PartialBudget } from "../protocol/partial-message.ts";
import { Alarm } from "./alarm.ts";
import { Backlog } from "./backlog.ts";
import { Inflation } from "./inflation.ts";
import { ReadSlice } from "./read-slice.ts";
import { Slab } from "./slab.ts";
import { TimerWheel } from "./timer-wheel.ts";
import { Turn } from "./turn.ts";

/** Options of {@link Engine}. */
export interface EngineOptions {
  readonly clock?: Clock;
  /** What unfinished messages may hold together, in bytes. @defaultValue 256 MiB */
  readonly partialBytes?: number;
  /** What messages may hold together while they wait for slow peers, in bytes. @defaultValue 256 MiB */
  readonly outboxBytes?: number;
  /** What connections that compress have in common; without it none does. */
  readonly deflate?: DeflateShare | undefined;
}

/** What all connections of one server share. */
export class Engine {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly turn: Turn;
  readonly slice: ReadSlice;
  readonly slab: Slab;
  readonly budget: PartialBudget;
  readonly backlog: Backlog;
  readonly deflate: DeflateShare | undefined;
  readonly inflation: Inflation | undefined;

  constructor(options: EngineOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.wheel = new TimerWheel(this.clock);
    this.turn = new Turn(this.clock, options.deflate);
    this.slice = new ReadSlice(this.clock);
    this.slab = new Slab();
    this.budget = new PartialBudget(options.partialBytes ?? 256 * 1024 * 1024);
    this.backlog = new Backlog(options.outboxBytes ?? 256 * 1024 * 1024);
    this.deflate = options.deflate;
    if (this.deflate !== undefined) this.inflation = new Inflation(this.deflate, this.clock);
  }

  /** A deadline on the wheel; like `Clock.after`, but exact to a slot only. */
  after(delay: number, ring: () => void): () => void {
    const alarm = new Alarm(this.wheel, ring);
    alarm.set(delay);
    return () => alarm.lift();
  }
}
