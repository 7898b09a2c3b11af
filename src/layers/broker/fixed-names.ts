import { ChannelLayerError } from "../../errors.ts";
import type { Clock } from "../../internal/clock.ts";
import type { Data } from "../data.ts";
import type { LocalChannel } from "../local-channel.ts";
import { NamedChannels } from "../named-channels.ts";
import type { BrokerLink } from "./broker-link.ts";
import type { Census } from "./census.ts";
import { publish } from "./diagnostics.ts";
import type { Entry, NameAnswer, Process } from "./letters.ts";
import type { MirrorListener } from "./mirrors.ts";
import type { Questions } from "./questions.ts";

/** What {@link FixedNames} need to know. */
export interface FixedNamesOptions {
  readonly self: Process;
  readonly link: BrokerLink;
  readonly census: Census;
  readonly questions: Questions;
  readonly clock: Clock;
  readonly capacity: number;
  readonly expiry: number;
  /** Gives a message to a channel of this process. */
  readonly deliver: (channel: LocalChannel, data: Data) => void;
  /** What this process says of a name has changed. */
  readonly changed: (name: string, value: NameAnswer | undefined) => void;
  /** Tells others what has changed, now. */
  readonly flush: () => void;
}

/**
 * The channels with fixed names. Each process knows who reads which name, and a message goes straight
 * to a process that does, each in its turn.
 *
 * If nobody does it waits where the first message waits that found nobody: all others who send to that
 * name ask that process to keep theirs, until it has none any more. So there is one queue with one
 * capacity and one order; and it is lost with that process.
 */
export class FixedNames implements MirrorListener {
  readonly #options: FixedNamesOptions;
  /** Readers everywhere, and what waits here. */
  readonly #named: NamedChannels<Parcel, Reader>;
  /** Readers here; the next in turn is the first. */
  readonly #locals = new Map<string, LocalReader[]>();
  readonly #remotes = new Map<string, Map<Process, RemoteReaders>>();
  /** Sends that have to ask somebody, one after the other. */
  readonly #lanes = new Map<string, Promise<void>>();
  /** The names for which this process is about to let a message wait. */
  readonly #asking = new Map<string, number>();
  /** What was said of each name. */
  readonly #said = new Map<string, string>();

  constructor(options: FixedNamesOptions) {
    this.#options = options;
    const { capacity, expiry, clock } = options;
    const groups = { deliverTo: (queue: { deliver(): void }) => queue.deliver() };
    this.#named = new NamedChannels({ capacity, expiry, clock, groups });
  }

  /** A channel reads a name from now on. */
  open(name: string, channel: LocalChannel): void {
    const reader = new LocalReader(channel, this.#options.deliver);
    const readers = this.#locals.get(name);
    if (readers === undefined) this.#locals.set(name, [reader]);
    else readers.push(reader);
    this.#named.open(name, reader);
    this.#served(name);
  }

  /** A channel was closed. */
  close(name: string, channel: LocalChannel): void {
    const readers = this.#locals.get(name) ?? [];
    const index = readers.findIndex((reader) => reader.channel === channel);
    const [reader] = index < 0 ? [] : readers.splice(index, 1);
    if (readers.length === 0) this.#locals.delete(name);
    if (reader !== undefined) this.#named.close(name, reader);
    this.#say(name);
  }

  /** Sends to a name. @throws ChannelLayerError `ERR_CHANNEL_FULL` or `ERR_LAYER_UNREACHABLE`. */
  send(name: string, data: Data): Promise<void> {
    const before = this.#lanes.get(name);
    if (before === undefined && this.#isServed(name)) return this.#pass(name, { data });
    const sent = (before ?? Promise.resolve()).then(() => this.#find(name, data));
    const lane = sent
      .catch(() => {})
      .then(() => {
        if (this.#lanes.get(name) === lane) this.#lanes.delete(name);
      });
    this.#lanes.set(name, lane);
    return sent;
  }

  /** A message came for a reader here. If it was closed meanwhile, somebody else is to have it. */
  take(name: string, data: Data): void {
    const readers = this.#locals.get(name);
    const reader = readers?.shift();
    if (reader === undefined) {
      void this.send(name, data).catch(() => publish("sluice:broker.loss", { channel: name }));
      return;
    }
    readers!.push(reader);
    reader.deliver({ data });
  }

  /** Another process wants a message to wait here, with those that do. */
  async keep(name: string, data: Data): Promise<"kept" | "full"> {
    try {
      await this.#pass(name, { data });
      return "kept";
    } catch (error) {
      if (isFull(error)) return "full";
      throw error;
    }
  }

  /** What this process says of a name. */
  answer(name: string): NameAnswer {
    const readers = this.#locals.get(name)?.length ?? 0;
    const isAsking = this.#asking.has(name);
    return { readers, state: this.#named.isWaiting(name) ? "waits" : isAsking ? "asks" : "none" };
  }

  /** What it says of all names. */
  *entries(): Iterable<Entry> {
    for (const [name, said] of this.#said) yield [name, JSON.parse(said) as NameAnswer];
  }

  /** What waited may have expired. */
  check(): void {
    for (const name of [...this.#said.keys()]) this.#say(name);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#named.clear();
    this.#locals.clear();
    this.#remotes.clear();
    this.#said.clear();
  }

  // What other processes say.

  /** @internal */
  set(process: Process, name: string, value: unknown): void {
    const { readers, state } = value as NameAnswer;
    if (!Number.isSafeInteger(readers) || readers < 0) return;
    let remotes = this.#remotes.get(name);
    if (remotes === undefined) {
      remotes = new Map();
      this.#remotes.set(name, remotes);
    }
    let remote = remotes.get(process);
    if (remote === undefined) {
      remote = { readers: [], isKeeper: false };
      remotes.set(process, remote);
    }
    remote.isKeeper = state === "waits";
    // A process that has more readers gets more.
    const wanted = Math.min(readers, mostShares);
    while (remote.readers.length > wanted) this.#named.close(name, remote.readers.pop()!);
    while (remote.readers.length < wanted) {
      const reader = new RemoteReader((parcel) => this.#dispatch(process, name, parcel));
      remote.readers.push(reader);
      this.#named.open(name, reader);
    }
    this.#served(name);
  }

  /** @internal */
  delete(process: Process, name: string): void {
    const remotes = this.#remotes.get(name);
    const remote = remotes?.get(process);
    if (remotes === undefined || remote === undefined) return;
    remotes.delete(process);
    if (remotes.size === 0) this.#remotes.delete(name);
    for (const reader of remote.readers) this.#named.close(name, reader);
  }

  // Sending.

  /** Whether a message can go to a reader, or wait here, without asking anybody. */
  #isServed(name: string): boolean {
    if (this.#named.isWaiting(name)) return true;
    return this.#keeperOf(name) === undefined && this.#named.readers(name).length > 0;
  }

  /** The process where messages wait for a name. Should there be several, all agree on one. */
  #keeperOf(name: string): Process | undefined {
    let keeper: Process | undefined;
    for (const [process, { isKeeper }] of this.#remotes.get(name) ?? []) {
      if (isKeeper && (keeper === undefined || process < keeper)) keeper = process;
    }
    return keeper;
  }

  /** Finds a reader, or the process where the message is to wait. */
  async #find(name: string, data: Data): Promise<void> {
    const { questions, self, census, flush } = this.#options;
    await census.settle();
    for (let attempt = 0; attempt < mostAttempts && !this.#isServed(name); attempt += 1) {
      let keeper = this.#keeperOf(name);
      if (keeper === undefined) {
        this.#asking.set(name, (this.#asking.get(name) ?? 0) + 1);
        try {
          const answers = await questions.ask([...census.others], "name", { name });
          for (const { process, answer } of answers) {
            if (census.has(process)) this.set(process, name, answer);
          }
          if (this.#isServed(name)) break;
          const rivals = answers.filter(
            ({ process, answer }) => answer.state === "asks" && process < self,
          );
          keeper = this.#keeperOf(name) ?? rivals.map(({ process }) => process).sort()[0];
          // Nobody else: it waits here.
          if (keeper === undefined) break;
        } finally {
          const left = (this.#asking.get(name) ?? 1) - 1;
          if (left > 0) this.#asking.set(name, left);
          else this.#asking.delete(name);
          // Whoever asks from now on hears that it waits here: that comes in this very turn.
        }
      }
      // Should we have a reader, the keeper is to know it first.
      flush();
      const [kept] = await questions.ask([keeper], "keep", { name, data });
      if (kept?.answer === "full") throw full(name, this.#options.capacity);
      if (kept !== undefined) return;
      // It is gone, and what waited there.
    }
    await this.#pass(name, { data });
  }

  /** Gives a message to the next reader, or lets it wait here. */
  async #pass(name: string, parcel: Parcel): Promise<void> {
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const sent = this.#give(name, parcel);
      // Not sent, it was delivered here, or waits. A process that is gone is no reader any more.
      if (sent === undefined || (await sent)) return;
    }
    publish("sluice:broker.loss", { channel: name });
  }

  #give(name: string, parcel: Parcel): Promise<boolean> | undefined {
    parcel.sent = undefined;
    parcel.isAlone = false;
    this.#named.send(name, () => parcel);
    parcel.isAlone = true;
    this.#say(name);
    return parcel.sent;
  }

  #dispatch(process: Process, name: string, parcel: Parcel): void {
    const { link } = this.#options;
    parcel.sent = link.tell(process, { kind: "direct", to: name, data: parcel.data });
    if (!parcel.isAlone) return;
    parcel.sent.then(
      (isThere) => {
        if (!isThere) this.take(name, parcel.data);
      },
      () => publish("sluice:broker.loss", { channel: name }),
    );
  }

  /** What waits is given out in a microtask. */
  #served(name: string): void {
    this.#say(name);
    if (this.#named.isWaiting(name)) queueMicrotask(() => this.#say(name));
  }

  /** Says what is so, if it was not said before. */
  #say(name: string): void {
    const { readers, state } = this.answer(name);
    const answer: NameAnswer = { readers, state: state === "waits" ? "waits" : "none" };
    const isNothing = readers === 0 && answer.state === "none";
    const text = isNothing ? undefined : JSON.stringify(answer);
    if (this.#said.get(name) === text) return;
    if (text === undefined) this.#said.delete(name);
    else this.#said.set(name, text);
    this.#options.changed(name, isNothing ? undefined : answer);
  }
}

/** A message on its way. */
interface Parcel {
  readonly data: Data;
  /** Whether it got to the process that it was sent to. */
  sent?: Promise<boolean> | undefined;
  /** It has waited here, and nobody waits for its outcome. */
  isAlone?: boolean;
}

interface Reader {
  deliver(parcel: Parcel): void;
}

/** The readers of a name in another process. */
interface RemoteReaders {
  readonly readers: RemoteReader[];
  /** Messages wait there for the name. */
  isKeeper: boolean;
}

class LocalReader implements Reader {
  readonly channel: LocalChannel;
  readonly #deliver: (channel: LocalChannel, data: Data) => void;

  constructor(channel: LocalChannel, deliver: (channel: LocalChannel, data: Data) => void) {
    this.channel = channel;
    this.#deliver = deliver;
  }

  deliver({ data }: Parcel): void {
    this.#deliver(this.channel, data);
  }
}

class RemoteReader implements Reader {
  readonly deliver: (parcel: Parcel) => void;

  constructor(deliver: (parcel: Parcel) => void) {
    this.deliver = deliver;
  }
}

/** How often another reader is looked for, when one after the other is gone. */
const mostAttempts = 16;

/** How many of a process's readers count, in its share of the messages. */
const mostShares = 100;

function isFull(error: unknown): boolean {
  return error instanceof ChannelLayerError && error.code === "ERR_CHANNEL_FULL";
}

function full(name: string, capacity: number): ChannelLayerError {
  return new ChannelLayerError(
    "ERR_CHANNEL_FULL",
    `nobody reads the channel ${JSON.stringify(name)}, and its capacity of ${capacity} waiting messages is used up`,
    { temporary: true },
  );
}
