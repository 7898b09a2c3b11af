import type { Gap, Joined } from "../../src/layers/channel-layer.ts";
import { parsePosition, type Position } from "../../src/layers/position.ts";
import type { Invariant, Logged, Oracle, Sent } from "./oracle.ts";

/** Where a course is not as it must be. */
export interface Stop {
  readonly invariant: Invariant;
  readonly text: string;
}

interface Item {
  readonly offset: number;
  readonly number: number;
  readonly time: number;
}

/** What the histories of a world were given, all of it, for ever. */
export class Truth {
  readonly #histories = new Map<string, Map<string, Item[]>>();

  constructor(log: readonly Logged[]) {
    for (const entry of log) {
      if (entry.what !== "append") continue;
      const { group, epoch, offset, number, time } = entry;
      const epochs = this.#histories.get(group) ?? new Map<string, Item[]>();
      this.#histories.set(group, epochs);
      const items = epochs.get(epoch) ?? [];
      epochs.set(epoch, items);
      items.push({ offset, number, time });
    }
    for (const epochs of this.#histories.values()) {
      for (const items of epochs.values()) items.sort((one, two) => one.offset - two.offset);
    }
  }

  /** Whether a message is where its sender was told. */
  has(group: string, { epoch, offset }: Position, number: number): boolean {
    const items = this.#histories.get(group)?.get(epoch) ?? [];
    return items.some((item) => item.offset === offset && item.number === number);
  }

  /** What came after a position, before another one. */
  between(group: string, { epoch, offset }: Position, end: number): Item[] {
    const items = this.#histories.get(group)?.get(epoch) ?? [];
    return items.filter((item) => item.offset > offset && item.offset < end);
  }

  /** Whether a group has another epoch that began to be used after this one. */
  isOver(group: string, epoch: string): boolean {
    const epochs = this.#histories.get(group);
    if (epochs?.has(epoch) !== true) return false;
    return [...epochs.keys()].at(-1) !== epoch;
  }

  /** Whether a history by these rules held, for certain, all that came after a position. */
  wasHeld(
    group: string,
    from: Position,
    time: number,
    { size, ttl, recover }: { size: number; ttl: number; recover: number },
  ): boolean {
    const items = this.#histories.get(group)?.get(from.epoch) ?? [];
    // What happens in one moment is in no order that the log shows.
    if (items.some((item) => item.time === time)) return false;
    const known = items.filter((item) => item.time < time);
    const missed = known.filter((item) => item.offset > from.offset);
    if (from.offset > (known.at(-1)?.offset ?? 0)) return false;
    if (missed.length > Math.min(size, recover)) return false;
    return missed.every((item) => item.time > time - ttl);
  }
}

type Step =
  | { readonly position: Position; readonly number: number }
  | { readonly lastSeen: Position; readonly top: Position };

/** A stretch of what a member got: where it begins is known once its join has resolved. */
interface Stretch {
  since: string | undefined;
  start: Position | undefined;
  readonly steps: Step[];
}

/** One membership: what a session got of a group, from its join to its end. */
export class Course {
  readonly #oracle: Oracle;
  readonly #truth: Truth;
  readonly #sent: ReadonlyMap<number, Sent>;
  readonly #session: string;
  readonly #group: string;
  /** One for each join that has resolved, and for the one under way. */
  #stretches: Stretch[] = [];
  /** Those without a position. */
  readonly #numbers = new Set<number>();
  #isIn = false;

  constructor(
    oracle: Oracle,
    truth: Truth,
    sent: ReadonlyMap<number, Sent>,
    session: string,
    group: string,
    since: string | undefined,
  ) {
    this.#oracle = oracle;
    this.#truth = truth;
    this.#sent = sent;
    this.#session = session;
    this.#group = group;
    this.#stretches.push({ since, start: undefined, steps: [] });
  }

  /** Whether its join has resolved. */
  get isIn(): boolean {
    return this.#isIn;
  }

  /** What was asked for last. */
  get since(): string | undefined {
    return this.#stretches.at(-1)?.since;
  }

  joinAgain(since: string | undefined): void {
    this.#stretches.push({ since, start: undefined, steps: [] });
  }

  notJoined(): void {
    const failed = this.#stretches.pop();
    // Whoever was a member before still is.
    this.#stretches.at(-1)?.steps.push(...(failed?.steps ?? []));
  }

  joined({ position, recovered }: Joined): Stop | undefined {
    const wasIn = this.#isIn;
    const stretch = this.#stretches.at(-1);
    if (stretch === undefined) return undefined;
    this.#isIn = true;
    if (position === undefined) return undefined;
    if (wasIn && stretch.since === undefined) {
      // Joining twice is joining once.
      this.#stretches.pop();
      this.#stretches.at(-1)?.steps.push(...stretch.steps);
      return undefined;
    }
    stretch.start = parsePosition(recovered === true ? stretch.since : position);
    if (stretch.start !== undefined) return undefined;
    return {
      invariant: "I5",
      text: `${this.#session} has joined at ${position}, which is no position`,
    };
  }

  deliver(number: number, position: string | undefined): void {
    const place = parsePosition(position);
    if (place === undefined) this.#numbers.add(number);
    else this.#stretches.at(-1)?.steps.push({ position: place, number });
  }

  gap({ lastSeen, top }: Gap): void {
    const [from, to] = [parsePosition(lastSeen), parsePosition(top)];
    if (from === undefined || to === undefined) return;
    this.#stretches.at(-1)?.steps.push({ lastSeen: from, top: to });
  }

  /** Whether it has got a message without a position. */
  has(number: number): boolean {
    return this.#numbers.has(number);
  }

  /** Its session has left, or the world is over: then it must have got up to the top. */
  end(isUpToDate: boolean): Stop | undefined {
    const ready = this.#stretches.filter(({ start }) => start !== undefined);
    const [first, ...others] = ready;
    if (first === undefined) return undefined;
    const end = this.#follow(first.start!, first.steps, others);
    if ("invariant" in end) return end;
    return isUpToDate ? this.#behind(end) : undefined;
  }

  /**
   * Follows one stretch, then the others. What came between the call of a join and its place may be of
   * the stretch before: wherever it is parted, one way must hold.
   */
  #follow(start: Position, steps: readonly Step[], others: readonly Stretch[]): Position | Stop {
    const last = this.#walk(start, steps);
    const [next, ...rest] = others;
    if ("invariant" in last || next === undefined) return last;
    let stop: Stop | undefined;
    for (let count = 0; count <= next.steps.length; count += 1) {
      if ("invariant" in this.#walk(last, next.steps.slice(0, count))) break;
      const end = this.#follow(next.start!, next.steps.slice(count), rest);
      if (!("invariant" in end)) return end;
      stop ??= end;
    }
    return stop!;
  }

  /** Follows the steps from a position; where they lead to, or where they go wrong. */
  #walk(start: Position, steps: readonly Step[]): Position | Stop {
    let last = start;
    for (const step of steps) {
      const next = "position" in step ? step.position : step.lastSeen;
      const what = "position" in step ? `gets #${step.number}` : "hears of a gap";
      if (next.epoch !== last.epoch) {
        return this.#stop("I3", `${what} at ${this.#place(next)}`, last);
      }
      if ("position" in step && next.offset <= last.offset) {
        return this.#stop("I2", `${what} at ${this.#place(next)}`, last);
      }
      const end = "position" in step ? next.offset : next.offset + 1;
      const [missed] = this.#owed(last, end);
      if (missed !== undefined) {
        return this.#stop("I3", `${what} at ${this.#place(next)} without #${missed.number}`, last);
      }
      last = "position" in step ? next : step.top;
    }
    return last;
  }

  #behind(last: Position): Stop | undefined {
    if (this.#truth.isOver(this.#group, last.epoch)) {
      return this.#stop("I10", "has not heard that the history is another one", last);
    }
    const [missed] = this.#owed(last, Infinity);
    if (missed === undefined) return undefined;
    return this.#stop("I10", `never gets #${missed.number}`, last);
  }

  /** What a member must get after a position: all but what it was left out of. */
  #owed(from: Position, end: number): Item[] {
    const items = this.#truth.between(this.#group, from, end);
    return items.filter(({ number }) => this.#sent.get(number)?.except !== this.#session);
  }

  #stop(invariant: Invariant, text: string, last: Position): Stop {
    const where = `after ${this.#place(last)} of ${this.#group}`;
    return { invariant, text: `${this.#session} ${text}, ${where}` };
  }

  #place({ epoch, offset }: Position): string {
    return this.#oracle.place(`${epoch}.${offset}`);
  }
}
