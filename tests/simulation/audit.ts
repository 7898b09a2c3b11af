import { Course, type Stop, Truth } from "./course.ts";
import type { Invariant, Logged, Oracle, Sent } from "./oracle.ts";
import { parsePosition } from "../../src/layers/position.ts";

/** What is wrong with a world. */
export interface Violation {
  readonly invariant: Invariant;
  readonly text: string;
}

/** What a world promises beside what all layers do. */
export interface AuditRules {
  /**
   * What its histories hold for certain, if somebody knows: then nobody is refused a recovery, or told
   * a gap, without need.
   */
  readonly holds?: { readonly size: number; readonly ttl: number; readonly recover: number };
  /** Whether messages of groups without a history reach all members before the call is over. */
  readonly isLossless: boolean;
}

/**
 * Reads what happened in a world and finds the first thing that must not have: undefined if all was
 * as promised. It knows nothing of how layers work, but that a position is an epoch and an offset.
 */
export function audit(oracle: Oracle, rules: AuditRules): Violation | undefined {
  const auditor = new Auditor(oracle, rules);
  // All else is about positions.
  for (const entry of oracle.log) if (entry.what === "append") auditor.read(entry);
  if (auditor.violation !== undefined) return auditor.violation;
  for (const entry of oracle.log) {
    auditor.read(entry);
    if (auditor.violation !== undefined) return auditor.violation;
  }
  auditor.conclude();
  return auditor.violation;
}

class Auditor {
  violation: Violation | undefined;
  readonly #oracle: Oracle;
  readonly #rules: AuditRules;
  readonly #truth: Truth;
  readonly #sent = new Map<number, Sent>();
  readonly #numbers = new Map<string, number>();
  readonly #positions = new Map<string, string>();
  readonly #nodes = new Map<string, string>();
  /** Sessions that are open, and those that were. */
  readonly #open = new Map<string, Map<string, Course>>();
  /** The newest offset that a client has handled, of each group and epoch. */
  readonly #handled = new Map<string, number>();
  /** Who was there when a message without a position was sent. */
  readonly #present = new Map<number, Set<Course>>();
  /** The order in which a process gave out what has no position. */
  readonly #orders = new Map<string, Map<number, number>>();

  constructor(oracle: Oracle, rules: AuditRules) {
    this.#oracle = oracle;
    this.#rules = rules;
    this.#truth = new Truth(oracle.log);
    for (const entry of oracle.log) {
      if (entry.what === "send") this.#sent.set(entry.sent.number, entry.sent);
    }
  }

  read(entry: Logged): void {
    switch (entry.what) {
      case "open":
        this.#nodes.set(entry.session, entry.node);
        this.#open.set(entry.session, new Map());
        return;
      case "send":
        return this.#send(entry.sent);
      case "append":
        return this.#append(entry);
      case "sent":
        return this.#acknowledge(entry);
      case "join":
        return this.#join(entry);
      case "joined":
        return this.#joined(entry);
      case "not joined":
        return this.#course(entry)?.notJoined();
      case "leave":
        return this.#leave(entry.session, entry.group);
      case "close":
        return this.#close(entry.session);
      case "kill":
        for (const session of [...this.#open.keys()]) {
          if (this.#nodes.get(session) === entry.node) this.#close(session);
        }
        return;
      case "deliver":
        return this.#deliver(entry);
      case "gap":
        return this.#gap(entry);
      case "handle":
        return this.#handle(entry);
      case "wrong":
        return this.#blame(entry.invariant, entry.text);
      default:
    }
  }

  /** At the end of the world everybody who is there has everything. */
  conclude(): void {
    for (const courses of this.#open.values()) {
      for (const course of courses.values()) {
        if (course.isIn) this.#end(course, true);
      }
    }
  }

  #blame(invariant: Invariant, text: string): void {
    this.violation ??= { invariant, text };
  }

  #blameStop(stop: Stop | undefined): void {
    if (stop !== undefined) this.#blame(stop.invariant, stop.text);
  }

  #course({ session, group }: { session: string; group: string }): Course | undefined {
    return this.#open.get(session)?.get(group);
  }

  // What was sent.

  #send({ number, group, except }: Sent): void {
    if (!this.#rules.isLossless) return;
    const present = new Set<Course>();
    for (const [session, courses] of this.#open) {
      const course = courses.get(group);
      if (course?.isIn === true && session !== except) present.add(course);
    }
    this.#present.set(number, present);
  }

  #append({ group, number, epoch, offset }: Extract<Logged, { what: "append" }>): void {
    this.#name(number, group, `${epoch}.${offset}`);
  }

  #acknowledge({ number, position, time }: Extract<Logged, { what: "sent" }>): void {
    const sent = this.#sent.get(number)!;
    if (position === undefined) return this.#everybodyHas(sent);
    this.#name(number, sent.group, position);
    const place = parsePosition(position);
    if (place === undefined || !this.#truth.has(sent.group, place, number)) {
      this.#blame("I6", `#${number} was acknowledged at ${time.toFixed(2)}, and is nowhere`);
    }
  }

  /** A position has one message, and a message has one position in each epoch. */
  #name(number: number, group: string, position: string): void {
    const at = `${group} ${position}`;
    const known = this.#numbers.get(at) ?? number;
    this.#numbers.set(at, known);
    if (known !== number) {
      const place = this.#oracle.place(position);
      this.#blame("I5", `${place} of ${group} is #${known}, and #${number} as well`);
    }
    const epoch = parsePosition(position)?.epoch;
    const former = this.#positions.get(`${number} ${epoch}`) ?? position;
    this.#positions.set(`${number} ${epoch}`, former);
    if (former !== position) {
      const [one, two] = [former, position].map((each) => this.#oracle.place(each));
      this.#blame("I7", `#${number} is sent twice, at ${one} and at ${two}`);
    }
  }

  /** Without a history, and in one process, a call is over when all members have the message. */
  #everybodyHas(sent: Sent): void {
    for (const [session, courses] of this.#open) {
      const course = courses.get(sent.group);
      if (course === undefined || this.#present.get(sent.number)?.has(course) !== true) continue;
      if (!course.has(sent.number)) {
        this.#blame("I6", `#${sent.number} was sent, and ${session} has not got it`);
      }
    }
  }

  // Who is where.

  #join(entry: Extract<Logged, { what: "join" }>): void {
    const courses = this.#open.get(entry.session);
    const course = courses?.get(entry.group);
    if (course !== undefined) return course.joinAgain(entry.since);
    courses?.set(
      entry.group,
      new Course(this.#oracle, this.#truth, this.#sent, entry.session, entry.group, entry.since),
    );
  }

  #joined(entry: Extract<Logged, { what: "joined" }>): void {
    const { session, group, joined, time } = entry;
    const course = this.#course(entry);
    if (course === undefined) return;
    const { since } = course;
    if ((since === undefined) !== (joined.recovered === undefined)) {
      return this.#blame("I4", `${session} is not told whether ${group} was recovered`);
    }
    this.#blameStop(course.joined(joined));
    const from = since === undefined ? undefined : parsePosition(since);
    const to = parsePosition(joined.position);
    if (joined.recovered === true && (from === undefined || from.epoch !== to?.epoch)) {
      this.#blame("I4", `${session} recovered ${group} from a position of another history`);
    }
    if (joined.recovered === false && from?.epoch !== undefined && from.epoch === to?.epoch) {
      if (this.#wasHeld(group, from, time)) {
        const place = this.#oracle.place(since);
        this.#blame(
          "I4",
          `${session} is not given what follows ${place} of ${group}, which is held`,
        );
      }
    }
  }

  #leave(session: string, group: string): void {
    const course = this.#open.get(session)?.get(group);
    if (course === undefined) return;
    this.#end(course, false);
    this.#open.get(session)?.delete(group);
  }

  #close(session: string): void {
    for (const group of [...(this.#open.get(session)?.keys() ?? [])]) this.#leave(session, group);
    this.#open.delete(session);
  }

  #end(course: Course, isUpToDate: boolean): void {
    this.#blameStop(course.end(isUpToDate));
  }

  // What members get.

  #deliver(entry: Extract<Logged, { what: "deliver" }>): void {
    const { session, group, number, delivery } = entry;
    const sent = this.#sent.get(number);
    if (sent === undefined || sent.group !== group) {
      return this.#blame("I1", `${session} gets #${number} in ${group}, where nobody sent it`);
    }
    if (delivery.group !== group || delivery.id !== sent.id) {
      return this.#blame("I1", `${session} gets #${number} under another name`);
    }
    if (sent.except === session) {
      return this.#blame("I11", `${session} gets #${number}, of which it was left out`);
    }
    const course = this.#course(entry);
    if (course === undefined) {
      return this.#blame("I9", `${session} gets #${number} of ${group}, where it is no member`);
    }
    if (delivery.position !== undefined) this.#name(number, group, delivery.position);
    else this.#order(session, number);
    course.deliver(number, delivery.position);
  }

  /** All members in one process see one order. */
  #order(session: string, number: number): void {
    const node = this.#nodes.get(session)!;
    let order = this.#orders.get(node);
    if (order === undefined) {
      order = new Map();
      this.#orders.set(node, order);
    }
    const place = order.get(number) ?? order.size + 1;
    order.set(number, place);
    const last = this.#handled.get(`order ${session}`) ?? 0;
    this.#handled.set(`order ${session}`, place);
    if (place <= last)
      this.#blame("I2", `${session} gets #${number} twice, or in an order of its own`);
  }

  #gap(entry: Extract<Logged, { what: "gap" }>): void {
    const { session, gap, time } = entry;
    const course = this.#course({ session, group: gap.group });
    if (course === undefined) {
      return this.#blame("I9", `${session} hears of a gap in ${gap.group}, where it is no member`);
    }
    course.gap(gap);
    const [from, to] = [parsePosition(gap.lastSeen), parsePosition(gap.top)];
    if (from?.epoch !== undefined && from.epoch === to?.epoch) {
      if (this.#wasHeld(gap.group, from, time)) {
        const place = this.#oracle.place(gap.lastSeen);
        this.#blame(
          "I4",
          `${session} hears of a gap after ${place} of ${gap.group}, which is held`,
        );
      }
    }
  }

  /** Clients keep what they have handled, so nothing comes to them twice over any connection. */
  #handle({ client, group, number, position }: Extract<Logged, { what: "handle" }>): void {
    const place = parsePosition(position);
    const key = `${client} ${group} ${place?.epoch ?? "without a history"}`;
    const last = this.#handled.get(key) ?? 0;
    if (place === undefined) return;
    this.#handled.set(key, place.offset);
    if (place.offset > last) return;
    this.#blame("I2", `${client} handles #${number} of ${group} after a later one, or twice`);
  }

  #wasHeld(group: string, from: { epoch: string; offset: number }, time: number): boolean {
    const { holds } = this.#rules;
    return holds !== undefined && this.#truth.wasHeld(group, from, time, holds);
  }
}
