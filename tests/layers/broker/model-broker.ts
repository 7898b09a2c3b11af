import { ChannelLayerError } from "../../../src/errors.ts";
import type { Clock } from "../../../src/internal/clock.ts";
import type {
  Address,
  Append,
  Broker,
  BrokerEars,
  KeptItem,
  KeptSlice,
} from "../../../src/layers/broker/broker.ts";
import type { FullHistoryRule } from "../../../src/layers/history-rule.ts";
import type { Position } from "../../../src/layers/position.ts";

/** How an engine counts what it keeps. */
export interface ModelEngineOptions {
  readonly clock: Clock;
  /** Groups are counted together, as NATS does: offsets have holes. @defaultValue false */
  readonly isSparse?: boolean;
  readonly maxSize?: number;
}

/** An engine in memory, as small as the seam asks for. Brokers are its connections. */
export class ModelEngine {
  readonly clock: Clock;
  readonly maxSize: number;
  readonly brokers: Set<ModelBroker> = new Set();
  readonly #isSparse: boolean;
  readonly #histories = new Map<string, ModelHistory>();
  #epochs = 0;
  #counted = 0;

  constructor({ clock, isSparse = false, maxSize = 1024 * 1024 }: ModelEngineOptions) {
    this.clock = clock;
    this.#isSparse = isSparse;
    this.maxSize = maxSize;
  }

  /** A connection, of another process. */
  broker(): ModelBroker {
    const broker = new ModelBroker(this);
    this.brokers.add(broker);
    return broker;
  }

  publish(address: Address, data: Uint8Array): boolean {
    let receivers = 0;
    for (const broker of this.brokers) {
      if (!broker.hears(address)) continue;
      receivers += 1;
      broker.receive({ address, data: Uint8Array.from(data) });
    }
    return receivers > 0 || !address.startsWith("n");
  }

  append({ group, rule, data, id }: Append): Position {
    const history = this.#historyOf(group);
    const now = this.clock.now();
    const known = id === undefined ? undefined : history.ids.get(id);
    if (known !== undefined && known.expires > now) return known.position;
    this.#counted += 1;
    const offset = this.#isSparse ? this.#counted : history.top + 1;
    const item = { offset, previous: history.top, data: Uint8Array.from(data) };
    history.top = offset;
    history.items.push({ item, expires: now + rule.ttl });
    this.#trim(history, rule.size);
    const position = { epoch: history.epoch, offset };
    if (id !== undefined) history.ids.set(id, { position, expires: now + rule.idWindow });
    for (const broker of this.brokers) {
      if (broker.follows(group)) broker.receive({ group, epoch: history.epoch, item });
    }
    return position;
  }

  read(
    group: string,
    rule: FullHistoryRule,
    since: Position | undefined,
    limit: number,
  ): KeptSlice {
    const history = this.#historyOf(group);
    this.#trim(history, rule.size);
    const { epoch, top, lost } = history;
    const items = history.items.map(({ item }) => item);
    const oldest = items[0]?.offset;
    const isKnown =
      since !== undefined && since.epoch === epoch && since.offset <= top && since.offset >= lost;
    if (!isKnown) return { epoch, top, oldest, items: undefined };
    const missed = items.filter(({ offset }) => offset > since.offset).slice(0, limit);
    return { epoch, top, oldest, items: missed };
  }

  /** The newest messages of a group are lost, as a replica loses them that lags behind. */
  loseNewest(group: string, count: number): void {
    const history = this.#historyOf(group);
    history.items.splice(history.items.length - count);
    this.#epochs += 1;
    history.epoch = `lost-${this.#epochs}`;
    history.top = history.items.at(-1)?.item.offset ?? 0;
    history.ids.clear();
  }

  /** All messages of all groups are lost. */
  loseAll(): void {
    this.#histories.clear();
  }

  /** Replaces what is kept last for a group. */
  spoil(group: string, data: Uint8Array): void {
    const history = this.#historyOf(group);
    const last = history.items.pop()!;
    history.items.push({ ...last, item: { ...last.item, data } });
  }

  /** What is kept of a group. */
  kept(group: string): readonly KeptItem[] {
    return this.#historyOf(group).items.map(({ item }) => item);
  }

  #historyOf(group: string): ModelHistory {
    let history = this.#histories.get(group);
    if (history === undefined) {
      this.#epochs += 1;
      history = { epoch: `e${this.#epochs}`, top: 0, lost: 0, items: [], ids: new Map() };
      this.#histories.set(group, history);
    }
    return history;
  }

  #trim(history: ModelHistory, size: number): void {
    const now = this.clock.now();
    for (let oldest = history.items[0]; oldest !== undefined; oldest = history.items[0]) {
      if (history.items.length <= size && oldest.expires > now) return;
      history.lost = oldest.item.offset;
      history.items.shift();
    }
  }
}

interface ModelHistory {
  epoch: string;
  top: number;
  /** The newest message that is not held any more. */
  lost: number;
  readonly items: { readonly item: KeptItem; readonly expires: number }[];
  readonly ids: Map<string, { readonly position: Position; readonly expires: number }>;
}

/** What comes to a broker. */
export type Arrival =
  | { readonly address: Address; readonly data: Uint8Array }
  | { readonly group: string; readonly epoch: string; readonly item: KeptItem };

/** One process's connection to the engine. Everything takes a microtask or two, and keeps its order. */
export class ModelBroker implements Broker {
  readonly #engine: ModelEngine;
  readonly #addresses = new Set<Address>();
  readonly #groups = new Set<string>();
  #ears: BrokerEars | undefined;
  #arrivals: Arrival[] = [];
  #isDraining = false;
  #state: "connected" | "cut" | "closed" = "connected";
  /** Resolves when the process that stands still goes on. */
  #stopped: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  /** What is published and asked, for tests that count. */
  readonly calls: string[] = [];
  /** What came, for the same. */
  readonly arrived: Arrival[] = [];
  /** Decides of each live message how often it arrives. @defaultValue once */
  copies: (arrival: Arrival) => number = () => 1;
  /** Holds the next calls to the engine up. */
  gate: (call: string) => Promise<void> | undefined = () => undefined;

  constructor(engine: ModelEngine) {
    this.#engine = engine;
  }

  get maxSize(): number {
    return this.#engine.maxSize;
  }

  open(ears: BrokerEars): void {
    this.#ears = ears;
  }

  async subscribe(address: Address): Promise<void> {
    await this.#ask(`subscribe ${address}`);
    this.#addresses.add(address);
  }

  async unsubscribe(address: Address): Promise<void> {
    await this.#tell(`unsubscribe ${address}`, () => this.#addresses.delete(address));
  }

  async follow(group: string): Promise<void> {
    await this.#ask(`follow ${group}`);
    this.#groups.add(group);
  }

  async unfollow(group: string): Promise<void> {
    await this.#tell(`unfollow ${group}`, () => this.#groups.delete(group));
  }

  async publish(address: Address, data: Uint8Array): Promise<boolean> {
    if (this.#stopped !== undefined) await this.#stopped.over;
    const isHeard = this.#now(`publish ${address}`, () => this.#engine.publish(address, data));
    await this.#ask(`published ${address}`);
    return isHeard;
  }

  async append(append: Append): Promise<Position> {
    if (this.#stopped !== undefined) await this.#stopped.over;
    const position = this.#now(`append ${append.group}`, () => this.#engine.append(append));
    await this.#ask(`appended ${append.group}`);
    return position;
  }

  async read(
    group: string,
    rule: FullHistoryRule,
    since: Position | undefined,
    limit: number,
  ): Promise<KeptSlice> {
    await this.#ask(`read ${group}`);
    return this.#now(`reading ${group}`, () => this.#engine.read(group, rule, since, limit));
  }

  async close(): Promise<void> {
    this.#state = "closed";
    this.#ears = undefined;
    this.#addresses.clear();
    this.#groups.clear();
    this.#engine.brokers.delete(this);
  }

  /** How many addresses and groups it hears. */
  get subscriptions(): number {
    return this.#addresses.size + this.#groups.size;
  }

  /** Begins to count anew. */
  forget(): void {
    this.calls.length = 0;
    this.arrived.length = 0;
  }

  // What the engine asks.

  hears(address: Address): boolean {
    return this.#state === "connected" && this.#addresses.has(address);
  }

  follows(group: string): boolean {
    return this.#state === "connected" && this.#groups.has(group);
  }

  receive(arrival: Arrival): void {
    this.arrived.push(arrival);
    for (let copy = this.copies(arrival); copy > 0; copy -= 1) this.#arrivals.push(arrival);
    this.#drain();
  }

  // What goes wrong.

  /** The connection is lost: what is on its way here, too. */
  cut(): void {
    this.#state = "cut";
    this.#arrivals = [];
  }

  /** It is there again. */
  restore(): void {
    this.#state = "connected";
    this.#ears?.missed();
  }

  /** The process stands still: what comes waits, and nothing leaves it. */
  stop(): void {
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#stopped = { over, end };
  }

  /** It goes on. */
  goOn(): void {
    this.#stopped?.end();
    this.#stopped = undefined;
    this.#drain();
  }

  /** The process is gone, and the engine knows it; it said no goodbye. */
  kill(): void {
    this.#state = "closed";
    this.#ears = undefined;
    this.#engine.brokers.delete(this);
  }

  #now<T>(call: string, act: () => T): T {
    this.calls.push(call);
    if (this.#state !== "connected") throw unreachable();
    return act();
  }

  async #ask(call: string): Promise<void> {
    this.calls.push(call);
    await this.gate(call);
    await Promise.resolve();
    if (this.#state !== "connected") throw unreachable();
  }

  async #tell(call: string, act: () => void): Promise<void> {
    this.calls.push(call);
    await this.gate(call);
    act();
  }

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    queueMicrotask(() => {
      this.#isDraining = false;
      if (this.#stopped !== undefined) return;
      const arrivals = this.#arrivals;
      this.#arrivals = [];
      for (const arrival of arrivals) {
        if ("address" in arrival) this.#ears?.message(arrival.address, arrival.data);
        else this.#ears?.kept(arrival.group, arrival.epoch, arrival.item);
      }
    });
  }
}

function unreachable(): ChannelLayerError {
  return new ChannelLayerError("ERR_LAYER_UNREACHABLE", "the engine is away", { temporary: true });
}
