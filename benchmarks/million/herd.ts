import { groupSend, holders } from "./arithmetic.ts";
import type { BrokerName } from "./broker-server.ts";
import { Chance } from "./chance.ts";
import type { Constants } from "./constants.ts";
import { EventQueue } from "./event-queue.ts";

/** How clients come back that have lost their connection at time 0. Times in milliseconds. */
export interface HerdOptions {
  readonly broker: BrokerName;
  /** How many come, to how many processes that are left, or are there again. */
  readonly clients: number;
  readonly processes: number;
  /** Of the whole site. */
  readonly groups: number;
  /** How many others each process has, who stay. */
  readonly residents: number;
  /** How many groups each client joins, one after the other, with a position. */
  readonly groupsEach: number;
  /** The first attempt is made at a time from 0 to this. */
  readonly jitter: number;
  /** The nth repetition waits for a time from 0 to `backoff` · 2ⁿ, or to `longestBackoff`. */
  readonly backoff: number;
  readonly longestBackoff: number;
  /** When a client gives an attempt up. */
  readonly patience: number;
  /** The limit of each process: more handshakes at a time are refused, with 503. */
  readonly pendingHandshakes: number;
  /** Messages that are sent to all groups together, each second, all the while. */
  readonly traffic: number;
  /** How many processors the broker has for it: 1 of a Redis, as many as primaries of a cluster. */
  readonly brokerCores: number;
}

/** What became of it. */
export interface Herd {
  /** When half of them were back, 99 of 100, and all. */
  readonly half: number;
  readonly most: number;
  readonly all: number;
  /** Attempts for each client. */
  readonly attempts: number;
  /** Those that a process refused at once, and what clients gave up because it took too long. */
  readonly refused: number;
  readonly givenUp: number;
  /** What the broker did not do within the layer's timeout: then a process takes it for dead. */
  readonly late: number;
  /** What the broker was asked, and how long something had to wait there at most. */
  readonly commands: number;
  readonly longestWait: number;
  /** The busiest second of the broker, and of the busiest process, as parts of a processor. */
  readonly brokerPeak: number;
  readonly processPeak: number;
  /** How many were back at the end of each tenth of a second. */
  readonly back: readonly number[];
}

/** What every simulation has in common. */
export const site = {
  processes: 100,
  clients: 1_000_000,
  groups: 100_000,
  /** Messages a second in all groups together: each has one every 50 seconds. */
  traffic: 2_000,
  /** From a process to the broker and back, in milliseconds. */
  roundTrip: 0.5,
  /** As many reads of histories are under way in a process at a time. */
  readsAtATime: 64,
  /** When we look no longer. */
  patience: 600_000,
  /** How long a layer waits for its broker. */
  timeout: 5_000,
} as const;

/** Lets them come back, event by event. */
export function herd(constants: Constants, options: HerdOptions): Herd {
  return new Simulation(constants, options).run();
}

/** What happens next to an attempt. */
const comes = 0;
const isShaken = 1;
const mayOpen = 2;
const isOpen = 3;
const hasRead = 4;
const ends = 5;
const isLate = 6;

class Simulation {
  readonly #options: HerdOptions;
  readonly #chance: Chance = new Chance(1);
  readonly #events: EventQueue<Attempt> = new EventQueue();
  readonly #broker: Processor;
  readonly #nodes: Node[] = [];
  readonly #costs: Costs;
  readonly #times: number[] = [];
  #attempts = 0;
  #refused = 0;
  #givenUp = 0;
  #late = 0;
  #commands = 0;

  constructor(constants: Constants, options: HerdOptions) {
    this.#options = options;
    const its = constants.brokers[options.broker];
    this.#costs = {
      handshake: constants.process.handshake / 1e3,
      join: its.processJoin / 1e3,
      follow: its.follow / 1e3,
      read: its.recover / 1e3,
      reads: its.recoverCommands,
    };
    const busy = usual(constants, options);
    this.#broker = new Processor(Math.max(0.01, options.brokerCores - busy.broker));
    const { groups, processes, residents } = options;
    for (let index = 0; index < processes; index += 1) {
      const node = new Node(Math.max(0.01, 1 - busy.process), groups);
      for (let count = 0; count < residents; count += 1) node.hears(this.#chance.below(groups));
      this.#nodes.push(node);
    }
  }

  run(): Herd {
    const { clients, jitter } = this.#options;
    for (let count = 0; count < clients; count += 1) {
      this.#events.add(this.#chance.next() * jitter, new Attempt(1), comes);
    }
    for (let event = this.#events.take(); event !== undefined; event = this.#events.take()) {
      if (event.time > site.patience) break;
      this.#happen(event.time, event.who, event.what);
    }
    const times = this.#times;
    const back: number[] = [];
    for (let end = tick, count = 0; count < times.length; end += tick) {
      while ((times[count] ?? Number.POSITIVE_INFINITY) <= end) count += 1;
      back.push(count);
    }
    return {
      half: times[Math.floor(clients / 2)] ?? Number.NaN,
      most: times[Math.floor(clients * 0.99)] ?? Number.NaN,
      all: times.at(-1) ?? Number.NaN,
      attempts: this.#attempts / clients,
      refused: this.#refused,
      givenUp: this.#givenUp,
      late: this.#late,
      commands: this.#commands,
      longestWait: this.#broker.longestWait,
      brokerPeak: this.#broker.peak,
      processPeak: Math.max(...this.#nodes.map(({ processor }) => processor.peak)),
      back,
    };
  }

  #happen(time: number, attempt: Attempt, what: number): void {
    // Nobody goes on with what was given up, but what was asked for by then is done all the same.
    if (!attempt.isPending && what !== comes && what !== hasRead) return;
    switch (what) {
      case comes:
        return this.#come(time, attempt);
      case isShaken:
        return this.#join(time, attempt);
      case mayOpen:
        return this.#open(time, attempt);
      case isOpen:
        return this.#queue(time, attempt);
      case hasRead:
        return this.#level(time, attempt);
      case isLate:
        attempt.end();
        return this.#again(time, attempt);
      default:
        attempt.end();
        this.#givenUp += 1;
        return this.#again(time, attempt);
    }
  }

  #come(time: number, attempt: Attempt): void {
    this.#attempts += 1;
    const node = this.#nodes[this.#chance.below(this.#nodes.length)] as Node;
    if (node.handshakes >= this.#options.pendingHandshakes) {
      this.#refused += 1;
      return this.#again(time, attempt);
    }
    attempt.begin(node, this.#options.groupsEach);
    const done = node.processor.serve(time, this.#costs.handshake);
    this.#events.add(done, attempt, isShaken);
    this.#events.add(time + this.#options.patience, attempt, ends);
  }

  #again(time: number, { number }: Attempt): void {
    const { backoff, longestBackoff } = this.#options;
    const longest = Math.min(longestBackoff, backoff * 2 ** (number - 1));
    const next = time + this.#chance.next() * longest;
    this.#events.add(next, new Attempt(number + 1), comes);
  }

  #join(time: number, attempt: Attempt): void {
    attempt.group = this.#chance.below(this.#options.groups);
    const done = attempt.node!.processor.serve(time, this.#costs.join);
    this.#events.add(done, attempt, mayOpen);
  }

  /** The first one of a group in its process subscribes to it, and looks where it stands. */
  #open(time: number, attempt: Attempt): void {
    if (!attempt.node!.hears(attempt.group)) return this.#queue(time, attempt);
    this.#commands += 2;
    const done = this.#ask(time, attempt, this.#costs.follow);
    this.#events.add(done + 2 * site.roundTrip, attempt, isOpen);
  }

  /** Only so many read at a time. */
  #queue(time: number, attempt: Attempt): void {
    const { readers } = attempt.node!;
    if (readers.enter(attempt)) this.#read(time, attempt);
  }

  #read(time: number, attempt: Attempt): void {
    const { read, reads } = this.#costs;
    this.#commands += reads;
    this.#events.add(this.#ask(time, attempt, read) + reads * site.roundTrip, attempt, hasRead);
  }

  /** What is late is done all the same. */
  #ask(time: number, attempt: Attempt, work: number): number {
    const done = this.#broker.serve(time, work);
    if (done - time > site.timeout) {
      this.#late += 1;
      this.#events.add(time + site.timeout, attempt, isLate);
    }
    return done;
  }

  #level(time: number, attempt: Attempt): void {
    const { readers } = attempt.node!;
    let next = readers.leave();
    while (next?.isPending === false) next = readers.leave();
    if (next !== undefined) this.#read(time, next);
    if (!attempt.isPending) return;
    attempt.joins -= 1;
    if (attempt.joins > 0) return this.#join(time, attempt);
    attempt.end();
    this.#times.push(time);
  }
}

/** What the usual traffic takes of the broker, and of each process: as parts of one processor. */
export function usual(
  constants: Constants,
  { broker, traffic, groups }: Pick<HerdOptions, "broker" | "traffic" | "groups">,
): { readonly broker: number; readonly process: number } {
  const its = constants.brokers[broker];
  const members = site.clients / groups;
  const { deliveries } = groupSend(holders(members, site.processes));
  const each =
    its.processSend + deliveries * its.processReceive + members * constants.process.write;
  return {
    broker: (traffic * (its.append.base + its.append.each * deliveries)) / 1e6,
    process: (traffic * each) / site.processes / 1e6,
  };
}

/** One try of a client. */
class Attempt {
  /** The how many-th of its client. */
  readonly number: number;
  node: Node | undefined;
  /** Somebody waits for it, at both ends. */
  isPending = false;
  group = 0;
  /** How many it still has to join, this one included. */
  joins = 0;

  constructor(number: number) {
    this.number = number;
  }

  begin(node: Node, joins: number): void {
    this.node = node;
    this.joins = joins;
    this.isPending = true;
    node.handshakes += 1;
  }

  end(): void {
    this.isPending = false;
    this.node!.handshakes -= 1;
  }
}

/** A process. */
class Node {
  readonly processor: Processor;
  readonly readers: Readers = new Readers();
  handshakes = 0;
  readonly #groups: Uint8Array;

  constructor(capacity: number, groups: number) {
    this.processor = new Processor(capacity);
    this.#groups = new Uint8Array(groups);
  }

  /** Whether it hears a group only from now on. */
  hears(group: number): boolean {
    const isFirst = this.#groups[group] === 0;
    this.#groups[group] = 1;
    return isFirst;
  }
}

/** Those who read in one process, and those who wait for it. */
class Readers {
  readonly #waiting: Attempt[] = [];
  #head = 0;
  #inside = 0;

  enter(attempt: Attempt): boolean {
    if (this.#inside >= site.readsAtATime) {
      this.#waiting.push(attempt);
      return false;
    }
    this.#inside += 1;
    return true;
  }

  /** Who comes in instead. */
  leave(): Attempt | undefined {
    const next = this.#waiting[this.#head];
    if (next === undefined) this.#inside -= 1;
    else this.#head += 1;
    return next;
  }
}

/** Does one thing after the other, in the order in which they come. */
class Processor {
  longestWait = 0;
  /** The part of the busiest second in which it was at work. */
  peak = 0;
  readonly #capacity: number;
  #free = 0;
  #second = 0;
  #worked = 0;

  /** @param capacity - how many processors there are for this, or what is left of one */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** When something that comes now is done. It takes so much time of one whole processor. */
  serve(time: number, work: number): number {
    const start = Math.max(time, this.#free);
    this.longestWait = Math.max(this.longestWait, start - time);
    this.#free = start + work / this.#capacity;
    const second = Math.floor(start / 1_000);
    if (second !== this.#second) this.#worked = 0;
    this.#second = second;
    this.#worked += work / this.#capacity;
    this.peak = Math.max(this.peak, Math.min(1, this.#worked / 1_000));
    return this.#free;
  }
}

/** Milliseconds. */
interface Costs {
  readonly handshake: number;
  readonly join: number;
  readonly follow: number;
  readonly read: number;
  readonly reads: number;
}

/** Of {@link Herd.back}, in milliseconds. */
export const tick = 100;
