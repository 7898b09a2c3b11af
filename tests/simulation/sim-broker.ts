import { ChannelLayerError } from "../../src/errors.ts";
import type {
  Address,
  Append,
  Broker,
  BrokerEars,
  KeptItem,
  KeptSlice,
} from "../../src/layers/broker/broker.ts";
import type { FullHistoryRule } from "../../src/layers/history-rule.ts";
import type { Position } from "../../src/layers/position.ts";
import type { Random } from "../../src/testing/random.ts";
import type { Scheduler, SimProcess } from "./scheduler.ts";
import type { SimEngine } from "./sim-engine.ts";
import { Wire } from "./wire.ts";

/** What goes wrong between processes and their engine, for as long as it does. */
export interface BrokerFaults {
  /** The longest time that something is on its way, in milliseconds. */
  readonly delay: number;
  /** The probability that a live message never arrives, and nobody hears of it. */
  drop: number;
  /** The probability that a kept message arrives twice. */
  duplicate: number;
}

/** What a {@link SimBroker} is made of. */
export interface SimBrokerOptions {
  readonly process: SimProcess;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly engine: SimEngine;
  readonly faults: BrokerFaults;
}

/** What comes on the connection for live messages: those, and the answers to what is subscribed to. */
type Arrival = { readonly place: string; readonly tell: (ears: BrokerEars) => void } | (() => void);

/** A process's connections to a simulated engine: one for requests, one for what comes live. */
export class SimBroker implements Broker {
  readonly maxSize: number = 1024 * 1024;
  readonly #options: SimBrokerOptions;
  /** Addresses as they are, groups that are followed with an `f` before them. */
  readonly #wanted = new Set<string>();
  /** What the engine has subscribed on the present connection. */
  readonly #heard = new Set<string>();
  readonly #pending = new Set<(error: Error) => void>();
  #ears: BrokerEars | undefined;
  #up: Wire<() => void>;
  #down: Wire<() => void>;
  #live: Wire<Arrival>;
  #isLiveAway = false;
  #isClosed = false;

  constructor(options: SimBrokerOptions) {
    this.#options = options;
    this.#up = this.#requests();
    this.#down = this.#requests();
    this.#live = this.#lives();
  }

  /** How many groups it hears, or wants to. */
  get groups(): number {
    return [...this.#wanted].filter((place) => /^[gf]/.test(place)).length;
  }

  open(ears: BrokerEars): void {
    this.#ears = ears;
  }

  subscribe(address: Address): Promise<void> {
    return this.#listen(address);
  }

  unsubscribe(address: Address): Promise<void> {
    return this.#ignore(address);
  }

  follow(group: string): Promise<void> {
    return this.#listen(`f${group}`);
  }

  unfollow(group: string): Promise<void> {
    return this.#ignore(`f${group}`);
  }

  publish(address: Address, data: Uint8Array): Promise<boolean> {
    return this.#ask((engine) => engine.publish(address, data));
  }

  append(append: Append): Promise<Position> {
    return this.#ask((engine) => engine.append(append));
  }

  read(
    group: string,
    rule: FullHistoryRule,
    since: Position | undefined,
    limit: number,
  ): Promise<KeptSlice> {
    return this.#ask((engine) => engine.read(group, rule, since, limit));
  }

  async close(): Promise<void> {
    this.die();
  }

  // What the engine asks.

  /** Whether it hears an address, or follows a group. */
  hears(place: string): boolean {
    return !this.#isClosed && this.#heard.has(place);
  }

  /** A message for an address. */
  message(address: Address, data: Uint8Array): void {
    this.#arrive({ place: address, tell: (ears) => ears.message(address, data) });
  }

  /** A message of a history. */
  kept(group: string, epoch: string, item: KeptItem): void {
    const arrival: Arrival = { place: `f${group}`, tell: (ears) => ears.kept(group, epoch, item) };
    this.#arrive(arrival);
    if (this.#options.random.happens(this.#options.faults.duplicate)) this.#arrive(arrival);
  }

  // What goes wrong.

  /** What is asked, and was not answered, is lost; the next request has a new connection. */
  cutRequests(): void {
    this.#up.cut();
    this.#down.cut();
    this.#up = this.#requests();
    this.#down = this.#requests();
    for (const reject of this.#pending) reject(unreachable());
    this.#pending.clear();
  }

  /** What comes live is lost, until it is connected again. */
  cutLive(duration: number): void {
    if (this.#isLiveAway || this.#isClosed) return;
    this.#isLiveAway = true;
    this.#live.cut();
    this.#heard.clear();
    this.cutRequests();
    const { scheduler, process } = this.#options;
    scheduler.after(duration, () => this.connectLive(), process);
  }

  /** Connects again, and subscribes to all that it was subscribed to. */
  connectLive(): void {
    if (!this.#isLiveAway || this.#isClosed) return;
    const { engine, scheduler, process } = this.#options;
    if (engine.isAway) {
      scheduler.after(200, () => this.connectLive(), process);
      return;
    }
    this.#isLiveAway = false;
    this.#live = this.#lives();
    const live = this.#live;
    this.#up.send(() => {
      for (const place of this.#wanted) this.#heard.add(place);
      live.send(() => this.#ears?.missed());
    });
  }

  /** Its process is gone, and the engine knows. */
  die(): void {
    this.#isClosed = true;
    this.#ears = undefined;
    this.#heard.clear();
    this.#options.engine.forget(this);
  }

  #listen(place: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isLiveAway || this.#isClosed) throw unreachable();
      const settle = this.#pend(reject);
      const live = this.#live;
      this.#up.send(() => {
        if (live.isCut || this.#options.engine.isAway) return;
        this.#heard.add(place);
        live.send(() => {
          if (!settle()) return;
          this.#wanted.add(place);
          resolve();
        });
      });
    });
  }

  async #ignore(place: string): Promise<void> {
    this.#wanted.delete(place);
    await this.#ask(() => this.#heard.delete(place)).catch(() => {});
  }

  #ask<T>(act: (engine: SimEngine) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw unreachable();
      const settle = this.#pend(reject);
      const down = this.#down;
      this.#up.send(() => {
        const { engine } = this.#options;
        if (engine.isAway) return;
        const answer = act(engine);
        down.send(() => {
          if (settle()) resolve(answer);
        });
      });
    });
  }

  /** A request that fails in bounded time; whether it was still waited for. */
  #pend(reject: (error: Error) => void): () => boolean {
    const settle = (): boolean => {
      lift();
      return this.#pending.delete(fail);
    };
    const fail = (error: Error): void => {
      settle();
      reject(error);
    };
    const lift = this.#options.process.after(requestTimeout, () => fail(unreachable()));
    this.#pending.add(fail);
    return settle;
  }

  #arrive(arrival: Arrival): void {
    const { random, faults } = this.#options;
    if (!random.happens(faults.drop)) this.#live.send(arrival);
  }

  #requests(): Wire<() => void> {
    const { scheduler, random, faults, process } = this.#options;
    return new Wire(scheduler, random, { delay: faults.delay }, (act) => {
      if (!process.isDead) act();
    });
  }

  #lives(): Wire<Arrival> {
    const { scheduler, random, faults, process } = this.#options;
    return new Wire<Arrival>(scheduler, random, { delay: faults.delay }, (arrival) => {
      if (process.isDead || this.#ears === undefined) return;
      if (typeof arrival === "function") arrival();
      // What was unsubscribed meanwhile is not looked for any more.
      else arrival.tell(this.#ears);
    });
  }
}

const requestTimeout = 1_500;

function unreachable(): ChannelLayerError {
  return new ChannelLayerError("ERR_LAYER_UNREACHABLE", "the engine is away", { temporary: true });
}
