import type { Address, Append, KeptItem, KeptSlice } from "../../src/layers/broker/broker.ts";
import type { FullHistoryRule } from "../../src/layers/history-rule.ts";
import type { Position } from "../../src/layers/position.ts";
import type { SimBroker } from "./sim-broker.ts";

/** How an engine keeps histories. */
export interface EngineRules {
  /** `redis`: offsets count each group by itself. `nats`: they count all groups together. */
  readonly kind: "redis" | "nats";
  readonly now: () => number;
  /** Hears of each message that is kept. */
  readonly appended: (group: string, position: Position, data: Uint8Array) => void;
}

/** What can be wrong with an engine on purpose, to see whether it is noticed. */
export interface EngineFlaws {
  /** A history that has lost its newest messages goes on under its old epoch. */
  readonly reusesEpochs?: boolean;
  /** It does not know what was sent with an id. */
  readonly forgetsIds?: boolean;
  /** It keeps what it is given, and tells nobody that follows it now and then. */
  readonly readsTooLittle?: boolean;
}

interface History {
  epoch: string;
  top: number;
  /** The newest message that is not held any more. */
  lost: number;
  items: { readonly item: KeptItem; readonly expires: number }[];
  readonly ids: Map<string, Position>;
}

/** A model of Redis or NATS, as far as a layer sees them. */
export class SimEngine {
  readonly #rules: EngineRules;
  readonly #flaws: EngineFlaws;
  readonly #histories = new Map<string, History>();
  readonly #brokers = new Set<SimBroker>();
  #epochs = 0;
  #counted = 0;
  /** Nothing reaches it. */
  isAway = false;

  constructor(rules: EngineRules, flaws: EngineFlaws) {
    this.#rules = rules;
    this.#flaws = flaws;
  }

  /** A process has a connection. */
  admit(broker: SimBroker): void {
    this.#brokers.add(broker);
  }

  /** A process is gone. */
  forget(broker: SimBroker): void {
    this.#brokers.delete(broker);
  }

  publish(address: Address, data: Uint8Array): boolean {
    let isHeard = !address.startsWith("n");
    for (const broker of this.#brokers) {
      if (!broker.hears(address)) continue;
      isHeard = true;
      broker.message(address, data);
    }
    return isHeard;
  }

  append({ group, rule, data, id }: Append): Position {
    const history = this.#historyOf(group);
    const known = id === undefined ? undefined : history.ids.get(id);
    if (known !== undefined && this.#flaws.forgetsIds !== true) return known;
    this.#counted += 1;
    const offset = this.#rules.kind === "nats" ? this.#counted : history.top + 1;
    const item = { offset, previous: history.top, data };
    history.top = offset;
    history.items.push({ item, expires: this.#rules.now() + rule.ttl });
    this.#trim(history, rule.size);
    const position = { epoch: history.epoch, offset };
    if (id !== undefined) history.ids.set(id, position);
    this.#rules.appended(group, position, data);
    for (const broker of this.#brokers) {
      if (broker.hears(`f${group}`)) broker.kept(group, history.epoch, item);
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
    if (since?.epoch !== epoch || since.offset > top || since.offset < lost) {
      return { epoch, top, oldest, items: undefined };
    }
    const missed = items.filter(({ offset }) => offset > since.offset).slice(0, limit);
    if (this.#flaws.readsTooLittle === true && missed.length > 2) missed.splice(1, 1);
    return { epoch, top, oldest, items: missed };
  }

  /** A replica takes over that lags behind: the newest messages of each group are lost. */
  failOver(count: number): void {
    for (const history of this.#histories.values()) {
      history.items.splice(Math.max(0, history.items.length - count));
      history.top = history.items.at(-1)?.item.offset ?? history.lost;
      if (this.#flaws.reusesEpochs === true) continue;
      history.epoch = this.#epoch();
      history.ids.clear();
    }
  }

  /** The histories are lost, and begin anew. */
  loseAll(): void {
    if (this.#flaws.reusesEpochs === true) return this.failOver(3);
    this.#histories.clear();
    this.#counted = 0;
  }

  #historyOf(group: string): History {
    let history = this.#histories.get(group);
    if (history === undefined) {
      history = { epoch: this.#epoch(), top: 0, lost: 0, items: [], ids: new Map() };
      this.#histories.set(group, history);
    }
    return history;
  }

  #epoch(): string {
    this.#epochs += 1;
    return `e${this.#epochs}`;
  }

  #trim(history: History, size: number): void {
    const now = this.#rules.now();
    for (let oldest = history.items[0]; oldest !== undefined; oldest = history.items[0]) {
      if (history.items.length <= size && oldest.expires > now) return;
      history.lost = oldest.item.offset;
      history.items.shift();
    }
  }
}
