import type {
  Channel,
  ChannelLayer,
  Delivery,
  Gap,
  LayerMessage,
  Member,
} from "../../src/layers/channel-layer.ts";
import { parsePosition } from "../../src/layers/position.ts";
import type { Random } from "../../src/testing/random.ts";
import type { Oracle } from "./oracle.ts";
import type { Scheduler, SimProcess } from "./scheduler.ts";
import { Wire } from "./wire.ts";

/** What a world needs of a layer. */
export type SimLayer = Pick<
  ChannelLayer,
  "channel" | "join" | "leave" | "groupSend" | "groupCount" | "close"
>;

/** A server process of a world. */
export interface SimNode {
  readonly process: SimProcess;
  readonly layer: SimLayer;
  /** What is held for groups and members; nothing, once everybody has gone. */
  leftovers(): Readonly<Record<string, number>>;
}

/** The messages of a world. */
export type Note = LayerMessage & {
  readonly type: "sim.note";
  readonly number: number;
  readonly group: string;
  /** What the first one who gets it does, while it gets it. */
  readonly reaction?: number;
};

/** What a client and its session share with their world. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly oracle: Oracle;
  readonly random: Random;
  /** A node that is alive, if one is. */
  node(): SimNode | undefined;
  /** A session gets a message that asks for a reaction, and is in the middle of it. */
  react(session: Session, note: Note): void;
}

/** What a server process sends to a client. */
type Frame =
  | {
      readonly kind: "message";
      readonly group: string;
      readonly number: number;
      readonly position: string | undefined;
    }
  | {
      readonly kind: "joined" | "gap";
      readonly group: string;
      readonly position: string | undefined;
      readonly number?: undefined;
    };

/**
 * A user's program, which connects again whenever its connection is lost, to any node. As plain
 * clients are told to, it keeps of each group the position of the last message that it has handled.
 */
export class Client {
  readonly name: string;
  /** How many messages may be on their way to it; more, and its session has no room. */
  readonly window: number;
  readonly #world: Surroundings;
  readonly #positions = new Map<string, string>();
  /** The groups where it wants to be. */
  readonly wanted: Set<string> = new Set();
  session: Session | undefined;
  #connections = 0;
  /** It reads nothing before this moment. */
  stalledUntil = 0;
  #isGone = false;

  constructor(name: string, window: number, world: Surroundings) {
    this.name = name;
    this.window = window;
    this.#world = world;
  }

  /** Connects to a node, and joins where it was. */
  connect(): void {
    if (this.session !== undefined || this.#isGone) return;
    const node = this.#world.node();
    if (node === undefined) return this.connectLater();
    this.#connections += 1;
    const session = new Session(`${this.name}.${this.#connections}`, this, node, this.#world);
    this.session = session;
    for (const group of this.wanted) session.join(group, this.#positions.get(group));
  }

  /** Its backoff has jitter. */
  connectLater(): void {
    const { scheduler, random } = this.#world;
    scheduler.after(random.next() * 1_500, () => this.connect());
  }

  /** It comes to a group, where it has been before or not; `fresh` forgets that. */
  join(group: string, fresh: boolean): void {
    this.wanted.add(group);
    this.session?.join(group, fresh ? undefined : this.#positions.get(group));
  }

  leave(group: string): void {
    this.wanted.delete(group);
    this.session?.leave(group);
  }

  /** Its connection is lost; the server notices after a while. */
  cut(): void {
    const { session } = this;
    if (session === undefined) return;
    const { scheduler, oracle, random } = this.#world;
    oracle.note({ what: "fault", text: `the connection of ${session.name} is lost` });
    this.session = undefined;
    session.wire.cut();
    const notices = random.happens(0.5) ? 0 : random.next() * 3_000;
    scheduler.after(notices, () => session.close(), session.node.process);
    this.connectLater();
  }

  /** It goes, and does not come back. */
  goAway(): void {
    this.#isGone = true;
    this.wanted.clear();
    this.session?.close();
    this.session = undefined;
  }

  /** @internal */
  take(session: Session, frame: Frame): void {
    if (this.session !== session) return;
    const { group, number, position } = frame;
    if (frame.kind === "joined") {
      // What has come of the group is newer.
      if (!session.handled.has(group) && position !== undefined)
        this.#positions.set(group, position);
      return;
    }
    if (number === undefined) {
      if (position !== undefined) this.#positions.set(group, position);
      return;
    }
    const { oracle, scheduler, random } = this.#world;
    if (!session.hasGoneBack.has(group) || this.#isNew(group, position)) {
      oracle.note({ what: "handle", client: this.name, group, number, position });
      if (position !== undefined) this.#positions.set(group, position);
    }
    session.handled.add(group);
    const pause = Math.max(0, this.stalledUntil - scheduler.now);
    scheduler.after(pause + random.next() * 40, () => session.acknowledge(), session.node.process);
  }

  #isNew(group: string, position: string | undefined): boolean {
    const [last, next] = [parsePosition(this.#positions.get(group)), parsePosition(position)];
    return last?.epoch !== next?.epoch || next!.offset > last!.offset;
  }
}

/** The server's end of one connection: a member of groups, with a window of messages on their way. */
export class Session {
  readonly name: string;
  readonly client: Client;
  readonly node: SimNode;
  readonly channel: Channel;
  readonly wire: Wire<Frame>;
  /** The groups of which its client has handled something. */
  readonly handled: Set<string> = new Set();
  /** The groups where it went back to an earlier position. */
  readonly hasGoneBack: Set<string> = new Set();
  readonly #world: Surroundings;
  readonly #joining = new Set<string>();
  /** The groups that it left while it joined them. */
  readonly #hasLeft = new Set<string>();
  readonly #hasBeen = new Set<string>();
  /** Some position that it got, to go back to. */
  readonly #former = new Map<string, string>();
  #onTheWay = 0;
  #isFull = false;
  #isClosed = false;

  constructor(name: string, client: Client, node: SimNode, world: Surroundings) {
    this.name = name;
    this.client = client;
    this.node = node;
    this.#world = world;
    const { scheduler, random, oracle } = world;
    this.wire = new Wire(scheduler, random, { delay: 60 }, (frame) => client.take(this, frame));
    oracle.note({ what: "open", session: name, client: client.name, node: node.process.name });
    this.channel = node.layer.channel(this.#member());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  join(group: string, since: string | undefined): void {
    if (this.#joining.has(group) || this.#isClosed) return;
    const { oracle, scheduler, random } = this.#world;
    const { name: session } = this;
    this.#joining.add(group);
    // What is on its way to the client may be what it asks for.
    if (since !== undefined && this.#hasBeen.has(group)) this.hasGoneBack.add(group);
    this.#hasBeen.add(group);
    oracle.note({ what: "join", session, group, since });
    this.node.layer.join(group, this.channel, since === undefined ? {} : { since }).then(
      (joined) => {
        if (this.node.process.isDead) return;
        if (this.#isVain(group)) return;
        oracle.note({ what: "joined", session, group, joined });
        // With a recovery the client goes on from where it is.
        if (joined.recovered === true) return;
        this.wire.send({ kind: "joined", group, position: joined.position });
      },
      (error: unknown) => {
        if (this.node.process.isDead) return;
        if (this.#isVain(group)) return;
        const why = reasonOf(error, oracle, this.#isClosed);
        oracle.note({ what: "not joined", session, group, why });
        scheduler.after(
          200 + random.next() * 500,
          () => {
            if (this.client.session === this && this.client.wanted.has(group)) {
              this.join(group, since);
            }
          },
          this.node.process,
        );
      },
    );
  }

  /** A join is over; whether it was left meanwhile, and is to begin anew if it is wanted again. */
  #isVain(group: string): boolean {
    this.#joining.delete(group);
    const hasLeft = this.#hasLeft.delete(group);
    if (hasLeft && this.client.session === this && this.client.wanted.has(group)) {
      this.join(group, undefined);
    }
    return hasLeft;
  }

  /** Goes back to where it was before, or stays where it is. */
  joinAgain(group: string): void {
    const position = this.#former.get(group);
    if (position === undefined || this.#joining.has(group)) return;
    this.join(group, position);
  }

  leave(group: string): void {
    if (this.#isClosed) return;
    if (this.#joining.has(group)) this.#hasLeft.add(group);
    this.#world.oracle.note({ what: "leave", session: this.name, group });
    this.#former.delete(group);
    this.#expect(this.node.layer.leave(group, this.channel));
  }

  close(): void {
    if (this.#isClosed || this.node.process.isDead) return;
    this.#isClosed = true;
    this.wire.cut();
    this.#world.oracle.note({ what: "close", session: this.name });
    this.#expect(this.channel.close());
  }

  /** The client has read one more message. */
  acknowledge(): void {
    this.#onTheWay -= 1;
    if (!this.#isFull || this.#onTheWay > this.client.window / 2 || this.#isClosed) return;
    this.#isFull = false;
    this.#world.oracle.note({ what: "resume", session: this.name });
    this.channel.resume();
  }

  #member(): Member {
    const member: Member = {
      deliver: (message, delivery) => this.#take(message as Note, delivery),
      gap: (gap) => this.#gap(gap),
    };
    if (this.client.window === Infinity) return member;
    return { ...member, offer: (message, delivery) => this.#offer(message as Note, delivery) };
  }

  #offer(note: Note, delivery: Delivery): boolean {
    if (this.#onTheWay >= this.client.window) {
      const { name: session } = this;
      const { group, position } = { group: note.group, ...delivery };
      this.#world.oracle.note({ what: "refuse", session, group, position });
      this.#isFull = true;
      return false;
    }
    this.#take(note, delivery);
    return true;
  }

  #take(note: Note, delivery: Delivery): void {
    if (this.node.process.isDead) return;
    const { oracle } = this.#world;
    const { number } = note;
    const group = delivery.group ?? note.group;
    oracle.note({ what: "deliver", session: this.name, group, number, delivery });
    if (delivery.position !== undefined && number % 3 === 0) {
      this.#former.set(group, delivery.position);
    }
    this.#onTheWay += 1;
    this.wire.send({ kind: "message", group, number, position: delivery.position });
    if (note.reaction !== undefined) this.#world.react(this, note);
  }

  #gap(gap: Gap): void {
    if (this.node.process.isDead) return;
    this.#world.oracle.note({ what: "gap", session: this.name, gap });
    this.#former.delete(gap.group);
    this.wire.send({ kind: "gap", group: gap.group, position: gap.top });
  }

  /** Leaving and closing succeed, whatever happens. */
  #expect(done: Promise<void>): void {
    done.catch((error: unknown) => {
      this.#world.oracle.note({
        what: "wrong",
        invariant: "I12",
        text: `${this.name}: ${String(error)}`,
      });
    });
  }
}

/** Why a call failed. What is not for the time being only must not happen. */
export function reasonOf(error: unknown, oracle: Oracle, mayBeClosed: boolean): string {
  const { code, temporary } = error as { code?: string; temporary?: boolean };
  const isExpected =
    (code === "ERR_LAYER_UNREACHABLE" && temporary === true) ||
    (mayBeClosed && code === "ERR_CHANNEL_CLOSED");
  if (!isExpected) oracle.note({ what: "wrong", invariant: "I12", text: String(error) });
  return code ?? String(error);
}
