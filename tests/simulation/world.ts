import { Random } from "../../src/testing/random.ts";
import { audit, type AuditRules, type Violation } from "./audit.ts";
import {
  Client,
  type Note,
  reasonOf,
  type Session,
  type SimNode,
  type Surroundings,
} from "./client.ts";
import { Oracle, type Sent } from "./oracle.ts";
import { Scheduler, SimProcess } from "./scheduler.ts";

/** Something that somebody does in a world, at some time: drawn from the seed before it begins. */
export interface Act {
  readonly time: number;
  readonly kind: string;
  /** Numbers from 0 to 1, which say who does it, where, and how. */
  readonly dice: readonly [number, number, number, number];
}

/** How often an act of a kind is drawn, and what it does. */
export interface ActKind {
  readonly weight: number;
  readonly perform: (dice: Act["dice"]) => void;
}

/** How long things go wrong, in milliseconds; then the world heals, everybody goes, and it ends. */
const times = { healed: 60_000, settled: 85_000, asked: 95_000, over: 200_000 };

/** How often a sender tries, and how long it waits for an answer. */
const mostTries = 5;
const patience = 3_000;

/**
 * A world in one process: nodes, clients, links and what goes wrong with them, all on one clock. Its
 * seed says everything; the acts may be given, so that some can be left out.
 */
export abstract class World implements Surroundings {
  readonly scheduler: Scheduler = new Scheduler();
  readonly oracle: Oracle;
  readonly random: Random;
  readonly seed: number;
  readonly clients: Client[] = [];
  readonly groups: string[] = [];
  nodes: SimNode[] = [];
  #messages = 0;
  #processes = 0;
  #isHealed = false;

  constructor(seed: number) {
    this.seed = seed;
    this.oracle = new Oracle(() => this.scheduler.now);
    this.random = new Random(seed);
  }

  /** What the audit may take for granted. */
  abstract get rules(): AuditRules;

  /** What goes wrong beside what clients do. */
  protected abstract faults(): Readonly<Record<string, ActKind>>;

  /** Everything that is broken works again, and stays so. */
  protected abstract heal(): void;

  /** Everything is quiet, and everybody is still there: asks what is to be known then. */
  protected inquire(): void {}

  /** What is wrong with the answers. */
  protected conclude(): Violation | undefined {
    return undefined;
  }

  /** All acts that a seed draws. */
  acts(): Act[] {
    const random = new Random(this.seed ^ 0x2545_f491);
    const kinds = Object.entries(this.#kinds());
    const weights = kinds.reduce((sum, [, { weight }]) => sum + weight, 0);
    const draw = (): string => {
      let rest = random.next() * weights;
      for (const [kind, { weight }] of kinds) {
        rest -= weight;
        if (rest < 0) return kind;
      }
      return kinds[0]![0];
    };
    const acts: Act[] = [];
    for (let time = 0; ; ) {
      // Bursts and pauses: what is close together meets, and what is far apart expires.
      time += random.happens(0.06) ? random.next() * 20_000 : random.next() ** 3 * 1_500;
      if (time > times.healed) return acts;
      const kind = draw();
      const dice = [random.next(), random.next(), random.next(), random.next()] as const;
      acts.push({ time, kind, dice });
    }
  }

  /** Lets the world take its course; what went wrong, if anything did. */
  async run(acts: readonly Act[] = this.acts()): Promise<Violation | undefined> {
    const { scheduler, oracle } = this;
    const kinds = this.#kinds();
    for (const { time, kind, dice } of acts) {
      scheduler.after(time, () => kinds[kind]?.perform(dice));
    }
    for (const client of this.clients) client.connectLater();
    const isOver = (): boolean => oracle.isBroken;
    await scheduler.run(times.healed, isOver);
    this.#isHealed = true;
    oracle.note({ what: "healed" });
    this.heal();
    for (const client of this.clients) client.stalledUntil = 0;
    await scheduler.run((times.healed + times.settled) / 2, isOver);
    if (this.random.happens(0.5)) {
      for (const group of this.groups) scheduler.after(0, () => this.#send(group, {}));
    }
    await scheduler.run(times.settled, isOver);
    const violation = audit(oracle, this.rules);
    if (violation !== undefined) return violation;
    scheduler.after(0, () => this.inquire());
    await scheduler.run(times.asked, isOver);
    const wrong = this.conclude();
    if (wrong !== undefined) return wrong;
    const begun = oracle.log.length;
    for (const client of this.clients) scheduler.after(0, () => client.goAway());
    await scheduler.run(times.over, isOver);
    if (oracle.log.length > begun) {
      const late = audit(oracle, this.rules);
      if (late !== undefined) return late;
    }
    return this.#leftovers();
  }

  // For clients.

  node(): SimNode | undefined {
    const alive = this.nodes.filter(({ process }) => !process.isDead);
    return alive[Math.floor(this.random.next() * alive.length)];
  }

  react(session: Session, { group, reaction = 0 }: Note): void {
    // Only the first one that gets it.
    if (this.#reacted.has(`${group} ${reaction}`)) return;
    this.#reacted.add(`${group} ${reaction}`);
    if (reaction < 0.3) return session.client.leave(group);
    if (reaction < 0.5) return this.#send(group, {});
    const others = this.clients.filter(({ session: other }) => other?.node === session.node);
    const other = others[Math.floor(reaction * 1e6) % Math.max(1, others.length)];
    if (reaction < 0.65) return other?.leave(group);
    if (reaction < 0.8) return other?.join(group, reaction < 0.7);
    if (reaction < 0.9) return session.joinAgain(group);
    other?.cut();
  }

  readonly #reacted = new Set<string>();

  // For worlds.

  /** A process, whose clock shows some time of its own. */
  protected process(name: string): SimProcess {
    this.#processes += 1;
    return new SimProcess(`${name}${this.#processes}`, this.scheduler, this.random.next() * 1e6);
  }

  /** Some clients for the world, each in some of its groups; every other one has little room. */
  protected addClients(least: number, most: number): void {
    const { random } = this;
    const count = least + Math.floor(random.next() * (most - least + 1));
    while (this.clients.length < count) {
      const window = random.happens(0.5) ? Infinity : 1 + Math.floor(random.next() * 5);
      const client = new Client(`c${this.clients.length + 1}`, window, this);
      for (const group of this.groups) if (random.happens(0.6)) client.wanted.add(group);
      this.clients.push(client);
    }
  }

  /** Ends a node in the middle of its work; its clients notice. */
  protected killNode(node: SimNode): void {
    this.oracle.note({ what: "kill", node: node.process.name });
    node.process.kill();
    for (const client of this.clients) {
      const { session } = client;
      if (session?.node !== node) continue;
      session.wire.cut();
      client.session = undefined;
      client.connectLater();
    }
  }

  /** What happens when somebody throws who must not. */
  protected readonly onError = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.oracle.note({ what: "wrong", invariant: "I12", text });
  };

  // What clients do.

  #kinds(): Record<string, ActKind> {
    return {
      send: { weight: 40, perform: (dice) => this.#performSend(dice) },
      burst: {
        weight: 6,
        perform: (dice) => {
          for (let left = 2 + dice[3] * 12; left > 0; left -= 1) this.#performSend(dice);
        },
      },
      join: {
        weight: 6,
        perform: ([who, where, fresh]) => this.#client(who).join(this.#group(where), fresh < 0.3),
      },
      leave: { weight: 5, perform: ([who, where]) => this.#client(who).leave(this.#group(where)) },
      "join again": {
        weight: 3,
        perform: ([who, where]) => this.#client(who).session?.joinAgain(this.#group(where)),
      },
      "cut a client": { weight: 8, perform: ([who]) => this.#client(who).cut() },
      "stall a client": {
        weight: 4,
        perform: ([who, howLong]) => {
          this.#client(who).stalledUntil = this.scheduler.now + howLong * 10_000;
        },
      },
      ...this.faults(),
    };
  }

  #client(dice: number): Client {
    return this.clients[Math.floor(dice * this.clients.length)]!;
  }

  #group(dice: number): string {
    return this.groups[Math.floor(dice * this.groups.length)]!;
  }

  #performSend([where, who, how, reaction]: Act["dice"]): void {
    const session = who < 0.3 ? this.#client(who / 0.3).session : undefined;
    const except = session?.isClosed === false ? session : undefined;
    this.#send(this.#group(where), {
      ...(except === undefined ? {} : { except }),
      hasId: how < 0.6,
      isRepeated: how < 0.15,
      ...(reaction < 0.2 ? { reaction: reaction * 5 } : {}),
    });
  }

  #send(
    group: string,
    how: { except?: Session; hasId?: boolean; isRepeated?: boolean; reaction?: number },
  ): void {
    this.#messages += 1;
    const number = this.#messages;
    const { except, hasId = false, isRepeated = false, reaction } = how;
    const note: Note = {
      type: "sim.note",
      number,
      group,
      ...(reaction === undefined ? {} : { reaction }),
    };
    const id = hasId ? `m${number}` : undefined;
    const isKept = group.startsWith("kept.");
    const sent: Sent = { number, group, id, except: except?.name };
    const node = except === undefined ? this.node() : except.node;
    // Without a history an id is only a name.
    if (node !== undefined) this.#try(node, note, sent, except, isKept ? 1 : mostTries);
    if (isRepeated && isKept && id !== undefined) {
      this.scheduler.after(this.random.next() * 4_000, () => {
        const other = this.node();
        if (other !== undefined) this.#try(other, note, sent, except, mostTries);
      });
    }
  }

  /** Sends, and sends again what has an id and was not acknowledged. */
  #try(node: SimNode, note: Note, sent: Sent, except: Session | undefined, tries: number): void {
    if (node.process.isDead) return;
    const { oracle, scheduler } = this;
    const { number, group, id } = sent;
    let isSettled = false;
    const again = (why: string): void => {
      if (isSettled) return;
      isSettled = true;
      oracle.note({ what: "unsent", number, why });
      if (id === undefined || tries >= mostTries) return;
      scheduler.after(this.random.next() * 500, () => {
        const next = this.node();
        if (next !== undefined) this.#try(next, note, sent, except, tries + 1);
      });
    };
    oracle.note({ what: "send", sent, node: node.process.name });
    const options = {
      ...(id === undefined ? {} : { id }),
      ...(except === undefined ? {} : { except: except.channel.name }),
    };
    node.layer.groupSend(group, note, options).then(
      (position) => {
        if (node.process.isDead || isSettled) return;
        isSettled = true;
        this.onSent(sent, position);
        oracle.note({ what: "sent", number, position });
      },
      (error: unknown) => {
        if (!node.process.isDead) again(reasonOf(error, oracle, false));
      },
    );
    scheduler.after(patience, () => again("no answer"));
  }

  /** A message was acknowledged. */
  protected onSent(_sent: Sent, _position: string | undefined): void {}

  #leftovers(): Violation | undefined {
    for (const node of this.nodes) {
      if (node.process.isDead) continue;
      for (const [what, count] of Object.entries(node.leftovers())) {
        if (count === 0) continue;
        return { invariant: "I8", text: `${node.process.name} is left with ${count} ${what}` };
      }
    }
    return undefined;
  }

  /** Whether the faults are over. */
  protected get isHealed(): boolean {
    return this.#isHealed;
  }
}
