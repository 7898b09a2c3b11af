import type { LayerMessage } from "../../src/layers/channel-layer.ts";
import type { AuditRules } from "./audit.ts";
import { BackendNode, type Request } from "./backend-node.ts";
import { type BackendFlaws, type Live, ModelBackend } from "./model-backend.ts";
import type { Note } from "./client.ts";
import type { Parts } from "./parts.ts";
import type { SimProcess } from "./scheduler.ts";
import { Wire, type WireFaults } from "./wire.ts";
import { type Act, type ActKind, World } from "./world.ts";

/** What can be wrong on purpose with what is around the layer. */
export interface WorldFlaws extends BackendFlaws {
  /** Some live messages are taken for the one that was sent before, to whatever group. */
  readonly mixesMessages?: boolean;
  /** Nodes never look for what was lost on the way. */
  readonly checksNothing?: boolean;
}

/** A node's end of the backend: two connections, one for requests and one for live messages. */
interface Line {
  readonly process: SimProcess;
  readonly node: BackendNode;
  readonly subscriptions: Set<string>;
  up: Wire<() => void>;
  down: Wire<() => void>;
  live: Wire<Live>;
  /** Until then its live connection is not made again. */
  isLiveAway: boolean;
}

/** Several nodes over a backend that loses messages, histories and connections. */
export class BackendWorld extends World {
  readonly #parts: Parts;
  readonly #flaws: WorldFlaws;
  readonly #backend: ModelBackend;
  readonly #faults: WireFaults;
  readonly #size: number;
  readonly #recover: number;
  readonly #ttl: number;
  /** Whether histories may be lost: then nobody can say what is held. */
  readonly #losesHistories: boolean;
  #lines: Line[] = [];
  #isAway = false;
  /** The message that was sent last. */
  #former: LayerMessage | undefined;

  constructor(seed: number, parts: Parts, flaws: WorldFlaws = {}) {
    super(seed);
    this.#parts = parts;
    this.#flaws = flaws;
    const { random } = this;
    const isShort = random.happens(0.5);
    this.#losesHistories = random.happens(0.4);
    this.#size = isShort ? 3 + Math.floor(random.next() * 20) : 10_000;
    this.#ttl = isShort ? 15_000 : 1e9;
    this.#recover = random.happens(0.2) ? Math.floor(random.next() * 20) : 10_000;
    const isWild = random.happens(0.7);
    this.#faults = {
      delay: 5 + random.next() * 200,
      drop: isWild ? random.next() * 0.2 : 0,
      duplicate: isWild ? random.next() * 0.2 : 0,
      overtake: isWild ? random.next() * 0.3 : 0,
    };
    this.#backend = new ModelBackend(
      {
        size: this.#size,
        ttl: this.#ttl,
        bytes: isShort && random.happens(0.5) ? 1_000 : 1e9,
        step: random.happens(0.4) ? 4 : 1,
      },
      flaws,
      () => this.scheduler.now,
      () => random.next(),
      (live) => this.#publish(live),
    );
    this.groups.push("kept.a", "kept.b");
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
    const line = (dice: number): Line => this.#lines[Math.floor(dice * this.#lines.length)]!;
    return {
      "cut the live messages of a node": {
        weight: 2,
        perform: ([which, howLong]) => this.#cutLive(line(which), howLong * 3_000),
      },
      "cut the requests of a node": {
        weight: 2,
        perform: ([which]) => this.#cutRequests(line(which)),
      },
      "take the backend away": { weight: 1, perform: (dice) => this.#goAway(dice) },
      "restart the backend": {
        weight: this.#losesHistories ? 1.5 : 0,
        perform: () => this.#restart(),
      },
      "kill a node": {
        weight: 1,
        perform: ([which]) => {
          const { node, process } = line(which);
          this.killNode(node);
          this.#lines = this.#lines.filter((other) => other.process !== process);
          this.#start();
        },
      },
    };
  }

  protected override heal(): void {
    this.#isAway = false;
    for (const line of this.#lines) {
      this.#cutRequests(line);
      if (line.isLiveAway) this.#connectLive(line, calm);
    }
  }

  #start(): void {
    const process = this.process("node");
    const node: BackendNode = new BackendNode({
      process,
      parts: this.#parts,
      recover: this.#recover,
      onError: this.onError,
      checksNothing: this.#flaws.checksNothing ?? false,
      uplink: { request: (request, answer) => this.#request(line, request, answer) },
    });
    const line: Line = {
      process,
      node,
      subscriptions: new Set(),
      up: this.#requests(process),
      down: this.#requests(process),
      live: this.#lives(node, this.#faults),
      isLiveAway: false,
    };
    this.#lines.push(line);
    this.nodes = this.#lines.map((each) => each.node);
  }

  #request(line: Line, request: Request, answer: (answer: unknown) => void): void {
    const { up, down } = line;
    up.send(() => {
      if (this.#isAway || line.process.isDead) return;
      const result = this.#answer(line, request);
      down.send(() => answer(result));
    });
  }

  #answer({ subscriptions }: Line, request: Request): unknown {
    switch (request.kind) {
      case "append":
        return this.#backend.append(request);
      case "read":
        return this.#backend.read(request.group, request.since, request.limit);
      case "subscribe":
        subscriptions.add(request.group);
        return undefined;
      case "unsubscribe":
        subscriptions.delete(request.group);
        return undefined;
    }
  }

  #publish(live: Live): void {
    const { group, number } = live.item.message as Note;
    this.oracle.note({
      what: "append",
      group,
      number,
      epoch: live.epoch,
      offset: live.item.offset,
    });
    const former = this.#former ?? live.item.message;
    this.#former = live.item.message;
    const isMixedUp = this.#flaws.mixesMessages === true && number % 13 === 0;
    const sent = isMixedUp ? { ...live, item: { ...live.item, message: former } } : live;
    for (const line of this.#lines) if (line.subscriptions.has(live.group)) line.live.send(sent);
  }

  #cutLive(line: Line, duration: number): void {
    if (line.isLiveAway) return;
    this.#fault(`the live messages of ${line.process.name} are cut`);
    line.isLiveAway = true;
    line.live.cut();
    line.subscriptions.clear();
    this.scheduler.after(duration, () => {
      if (line.isLiveAway && !this.#isAway) this.#connectLive(line, this.#faults);
    });
  }

  #connectLive(line: Line, faults: WireFaults): void {
    line.isLiveAway = false;
    line.live = this.#lives(line.node, faults);
    this.scheduler.after(0, () => line.node.back(), line.process);
  }

  /** What is on its way is lost; the next request has a new connection. */
  #cutRequests(line: Line): void {
    this.#fault(`the requests of ${line.process.name} are cut`);
    line.up.cut();
    line.down.cut();
    line.up = this.#requests(line.process);
    line.down = this.#requests(line.process);
  }

  #goAway([, howLong]: Act["dice"]): void {
    if (this.#isAway || this.isHealed) return;
    this.#fault("the backend is away");
    this.#isAway = true;
    for (const line of this.#lines) this.#cutLive(line, Infinity);
    this.scheduler.after(howLong * 5_000, () => this.#comeBack());
  }

  #comeBack(): void {
    if (!this.#isAway) return;
    this.#fault("the backend is back");
    this.#isAway = false;
    for (const line of this.#lines) if (line.isLiveAway) this.#connectLive(line, this.#faults);
  }

  #restart(): void {
    this.#fault("the backend is restarted, and has lost its histories");
    this.#backend.lose();
    for (const line of this.#lines) {
      this.#cutRequests(line);
      this.#cutLive(line, 50);
    }
  }

  #fault(text: string): void {
    this.oracle.note({ what: "fault", text });
  }

  #requests(process: SimProcess): Wire<() => void> {
    const { delay } = this.#faults;
    return new Wire(this.scheduler, this.random, { delay }, (act) => {
      if (!process.isDead) act();
    });
  }

  #lives(node: BackendNode, faults: WireFaults): Wire<Live> {
    return new Wire(this.scheduler, this.random, faults, (live) => {
      if (!node.process.isDead) node.live(live);
    });
  }
}

const calm: WireFaults = { delay: 20 };
