import type { BrokerLayer } from "../../src/layers/broker/broker-layer.ts";
import { readEnvelope } from "../../src/layers/broker/envelope.ts";
import type {
  Channel,
  LayerMessage,
  Member,
  PresenceCount,
  PresenceCounted,
} from "../../src/layers/channel-layer.ts";
import type { AuditRules, Violation } from "./audit.ts";
import type { Note, SimLayer, SimNode } from "./client.ts";
import type { Logged } from "./oracle.ts";
import type { Parts } from "./parts.ts";
import type { SimProcess } from "./scheduler.ts";
import { type BrokerFaults, SimBroker } from "./sim-broker.ts";
import { type EngineFlaws, type EngineRules, SimEngine } from "./sim-engine.ts";
import { type Act, type ActKind, World } from "./world.ts";

/** One process of the layer. */
interface Node extends SimNode {
  readonly process: SimProcess;
  readonly own: BrokerLayer;
  readonly broker: SimBroker;
  readonly listener: Listener;
}

/** A question that was asked in the end, and its answers. */
interface Asked {
  readonly node: Node;
  readonly group: string;
  count: number | undefined;
  presence: PresenceCount | undefined;
}

/** Several processes over one engine, with all that goes wrong between them and with it. */
export class BrokerWorld extends World {
  readonly #parts: Parts;
  readonly #kind: EngineRules["kind"];
  readonly #engine: SimEngine;
  readonly #faults: BrokerFaults;
  readonly #size: number;
  readonly #recover: number;
  readonly #ttl: number;
  /** Whether histories may be lost: then nobody can say what is held. */
  readonly #losesHistories: boolean;
  #nodes: Node[] = [];
  readonly #asked: Asked[] = [];

  constructor(seed: number, kind: EngineRules["kind"], parts: Parts, flaws: EngineFlaws = {}) {
    super(seed);
    this.#parts = parts;
    this.#kind = kind;
    const { random } = this;
    const isShort = random.happens(0.5);
    this.#losesHistories = random.happens(0.4);
    this.#size = isShort ? 3 + Math.floor(random.next() * 20) : 10_000;
    this.#ttl = isShort ? 15_000 : 1e9;
    this.#recover = random.happens(0.2) ? Math.floor(random.next() * 20) : 10_000;
    const isWild = random.happens(0.5);
    this.#faults = {
      delay: 2 + random.next() * 60,
      drop: isWild ? random.next() * 0.1 : 0,
      duplicate: isWild ? random.next() * 0.2 : 0,
    };
    const appended: EngineRules["appended"] = (group, { epoch, offset }, data) => {
      const { payload } = readEnvelope(data.subarray(1))!;
      const { number } = JSON.parse(String(payload)) as Note;
      this.oracle.note({ what: "append", group, number, epoch, offset });
    };
    this.#engine = new SimEngine({ kind, now: () => this.scheduler.now, appended }, flaws);
    this.groups.push("kept.a", "kept.b", plain);
    const nodes = 1 + Math.floor(random.next() * 3);
    for (let count = 0; count < nodes; count += 1) this.#start();
    this.addClients(3, 6);
  }

  override get rules(): AuditRules {
    const holds = { size: this.#size, ttl: this.#ttl, recover: this.#recover };
    const isHeld = this.#size === 10_000 && this.#recover === 10_000 && !this.#losesHistories;
    return { isLossless: false, ...(isHeld ? { holds } : {}) };
  }

  protected override faults(): Record<string, ActKind> {
    const node = (dice: number): Node => this.#nodes[Math.floor(dice * this.#nodes.length)]!;
    return {
      "cut what comes to a process": {
        weight: 2.5,
        perform: ([which, howLong]) => {
          const { process, broker } = node(which);
          this.#fault(`what comes to ${process.name} is cut`);
          broker.cutLive(howLong ** 2 * 12_000);
        },
      },
      "cut the requests of a process": {
        weight: 2.5,
        perform: ([which]) => {
          const { process, broker } = node(which);
          this.#fault(`the requests of ${process.name} are cut`);
          broker.cutRequests();
        },
      },
      "take the engine away": { weight: 0.7, perform: (dice) => this.#goAway(dice) },
      "lose histories": {
        weight: this.#losesHistories ? 1.2 : 0,
        perform: ([howMany]) => this.#lose(Math.floor(howMany * 6)),
      },
      "kill a process": {
        weight: 1,
        perform: ([which, howLong]) => {
          const killed = node(which);
          this.killNode(killed);
          // The engine notices it now, or much later.
          const notice = howLong < 0.5 ? 0 : howLong * 20_000;
          this.scheduler.after(notice, () => killed.broker.die());
          this.#nodes = this.#nodes.filter((other) => other !== killed);
          this.#start();
        },
      },
    };
  }

  protected override heal(): void {
    this.#engine.isAway = false;
    this.#faults.drop = 0;
    this.#faults.duplicate = 0;
    for (const { broker } of this.#nodes) broker.connectLive();
  }

  /** Asks everybody who is there. */
  protected override inquire(): void {
    for (const node of this.#nodes) {
      for (const group of this.groups) {
        const asked: Asked = { node, group, count: undefined, presence: undefined };
        this.#asked.push(asked);
        node.own.groupCount(group).then(
          (count) => (asked.count = count),
          () => {},
        );
        node.own.presenceCount(group).then(
          (presence) => (asked.presence = presence),
          () => {},
        );
      }
    }
  }

  /** Who is asked knows who is there, and whoever watches or listens was told. */
  protected override conclude(): Violation | undefined {
    const wrong = (text: string): Violation => ({ invariant: "I13", text });
    const members = membersIn(this.oracle.log);
    const listeners = this.#nodes.filter(({ listener }) => listener.isIn).length;
    for (const { node, group, count, presence } of this.#asked) {
      const { name } = node.process;
      const truth = members.get(group)?.length ?? 0;
      const all = truth + (group === plain ? listeners : 0);
      if (count !== all) return wrong(`${name} counts ${count} in ${group}, and ${all} are there`);
      if (presence?.channels !== truth) {
        return wrong(`${name} counts ${presence?.channels} shown in ${group}, of ${truth}`);
      }
      const keys = new Set(members.get(group)).size;
      if (presence.keys !== keys) {
        return wrong(`${name} counts ${presence.keys} keys in ${group}, and ${keys} are there`);
      }
      const { told } = node.listener;
      if (group === plain && node.listener.isIn && told !== undefined) {
        if (told.channels !== truth || told.keys !== keys) {
          return wrong(`${name} was told of ${told.channels} in ${group} last, of ${truth}`);
        }
      }
      if (node.listener.isWatching && node.listener.occupied.has(group) !== all > 0) {
        return wrong(`${name} was told wrongly whether somebody is in ${group}`);
      }
    }
    for (const { listener } of this.#nodes) void listener.channel.close();
    return undefined;
  }

  #start(): void {
    const process = this.process("process");
    const { scheduler, random } = this;
    const engine = this.#engine;
    const broker = new SimBroker({ process, scheduler, random, engine, faults: this.#faults });
    engine.admit(broker);
    const { BrokerLayer: Layer } = this.#parts.broker;
    const own = new Layer(broker, {
      clock: process,
      onError: this.onError,
      timeout: 2_000,
      lease: 6_000,
      checkInterval: 4_000,
      history: [
        {
          groups: "kept.*",
          size: this.#size,
          ttl: this.#ttl,
          recover: this.#recover,
          bytes: 1e8,
          idWindow: 1e6,
        },
      ],
    });
    // Whoever joins is shown, under the name of its process.
    const layer: SimLayer = {
      channel: (member) => own.channel(member),
      join: (group, channel, options) =>
        own.join(group, channel, { ...options, presence: { key: process.name } }),
      leave: (group, channel) => own.leave(group, channel),
      groupSend: (group, message, options) => own.groupSend(group, message, options),
      groupCount: (group) => own.groupCount(group),
      close: () => own.close(),
    };
    const listener = new Listener(process, own);
    listener.begin();
    const leftovers = (): Record<string, number> => ({ subscriptions: broker.groups });
    this.#nodes.push({ process, layer, own, broker, listener, leftovers });
    this.nodes = this.#nodes;
  }

  #goAway([, howLong]: Act["dice"]): void {
    if (this.#engine.isAway || this.isHealed) return;
    this.#fault("the engine is away");
    this.#engine.isAway = true;
    for (const { broker } of this.#nodes) broker.cutLive(0);
    this.scheduler.after(howLong * 8_000, () => {
      this.#engine.isAway = false;
    });
  }

  #lose(count: number): void {
    this.#fault(`the engine has lost ${this.#kind === "nats" ? "all" : count} messages`);
    if (this.#kind === "nats") this.#engine.loseAll();
    else this.#engine.failOver(count);
    for (const { broker } of this.#nodes) broker.cutLive(50);
  }

  #fault(text: string): void {
    this.oracle.note({ what: "fault", text });
  }
}

/** Who of a process listens to who is in a group, and watches which groups have members. */
class Listener implements Member {
  readonly channel: Channel;
  readonly occupied: Set<string> = new Set();
  /** The last word on who is there. */
  told: PresenceCounted | undefined;
  isIn = false;
  isWatching = false;
  readonly #process: SimProcess;
  readonly #layer: BrokerLayer;

  constructor(process: SimProcess, layer: BrokerLayer) {
    this.#process = process;
    this.#layer = layer;
    this.channel = layer.channel(this);
  }

  deliver(message: LayerMessage): void {
    if (message.type === "presence.count") this.told = message as unknown as PresenceCounted;
  }

  begin(): void {
    const again = (act: () => void): void => void this.#process.after(1_000, act);
    const join = (): void => {
      this.#layer.join(plain, this.channel, { presenceEvents: "count" }).then(
        () => (this.isIn = true),
        () => again(join),
      );
    };
    const watch = (): void => {
      const watcher = {
        occupied: (group: string) => void this.occupied.add(group),
        vacated: (group: string) => void this.occupied.delete(group),
      };
      this.#layer.watch("*", watcher).then(
        () => (this.isWatching = true),
        () => again(watch),
      );
    };
    join();
    watch();
  }
}

/** Who is in which group in the end: of each member, its process. */
function membersIn(log: readonly Logged[]): Map<string, string[]> {
  const sessions = new Map<string, { readonly node: string; readonly groups: Set<string> }>();
  for (const entry of log) {
    if (entry.what === "open") {
      sessions.set(entry.session, { node: entry.node, groups: new Set() });
    } else if (entry.what === "joined") sessions.get(entry.session)?.groups.add(entry.group);
    else if (entry.what === "leave") sessions.get(entry.session)?.groups.delete(entry.group);
    else if (entry.what === "close") sessions.delete(entry.session);
    else if (entry.what === "kill") {
      for (const [name, { node }] of sessions) if (node === entry.node) sessions.delete(name);
    }
  }
  const members = new Map<string, string[]>();
  for (const { node, groups } of sessions.values()) {
    for (const group of groups) members.set(group, [...(members.get(group) ?? []), node]);
  }
  return members;
}

/** The group where somebody of each process listens. */
const plain = "plain";
