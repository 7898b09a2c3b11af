import { ChannelLayerError } from "../../errors.ts";
import type { Clock } from "../../internal/clock.ts";
import { away } from "../away.ts";
import { CommandLine } from "./command-line.ts";
import type { LinkEvents, RedisAddress, RedisConnection, RedisLink } from "./connection.ts";
import { Ear } from "./ear.ts";
import { meaningOf, unreachable } from "./redis-error.ts";
import { publishScript, type Script } from "./scripts.ts";
import { Subscription } from "./subscription.ts";

/** What all shards of a layer have to know. */
export interface ShardOptions {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
  /** How long Redis may take to answer, in milliseconds. */
  readonly timeout: number;
  /** How long nothing may come before it is tried whether something would, in milliseconds. */
  readonly probeInterval: number;
  /** How much may wait for answers, in bytes. */
  readonly backlog: number;
}

/** What a {@link Shard} tells. */
export interface ShardEvents {
  /** A message came on a channel that is subscribed to. */
  message(channel: string, data: Uint8Array): void;
  /** An attempt to connect is over, well or not, or what was connected is lost. */
  tried(): void;
  /** Subscriptions had been lost, and all that this shard has are there again. */
  back(): void;
  /** Some hash slots may have gone to other servers, or this server is gone. */
  moved(): void;
}

/**
 * One primary: a link for commands and one for subscriptions, both tried before they are used, and
 * made again for as long as it takes.
 *
 * A probe goes the way of all messages, from the one link to the other. So it notices all that keeps
 * messages from coming, also where both connections look healthy: a primary that is none any more, or
 * two links that lead to different servers.
 */
export class Shard {
  /** The server of a cluster; undefined where there is one primary. */
  readonly address: RedisAddress | undefined;
  readonly #options: ShardOptions;
  readonly #events: ShardEvents;
  /** A channel of our own that this server carries. */
  readonly #probeChannel: string;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Set once it is tried, and until it is lost. */
  #line: CommandLine | undefined;
  #ear: Ear | undefined;
  /** The attempt to connect that is under way. */
  #attempt: AbortController | undefined;
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #why: Error = away("there is no connection to Redis yet");
  /** Subscriptions may have missed something since the layer was told the last time. */
  #hasMissed = false;
  /** How many times subscriptions are being brought, by this ear. */
  #bringing = 0;
  #isClosed = false;

  #cancelTick: (() => void) | undefined;
  #hasHeard = false;
  #probe = 0;
  #probesMissed = 0;
  #probeHeard: (() => void) | undefined;

  constructor(
    options: ShardOptions,
    events: ShardEvents,
    probeChannel: string,
    address: RedisAddress | undefined,
  ) {
    this.#options = options;
    this.#events = events;
    this.#probeChannel = probeChannel;
    this.address = address;
  }

  /** Whether commands can be sent now. */
  get isUp(): boolean {
    return this.#line !== undefined;
  }

  /** Whether subscriptions that were lost are on their way back. */
  get isReturning(): boolean {
    return this.#bringing > 0 && this.#hasMissed;
  }

  /** Connects, and goes on trying until `close`. */
  open(): void {
    this.#tick();
    this.#connect();
  }

  /** Runs a script on this primary. `what` names the operation in errors, `size` is what it takes. */
  async run(
    what: string,
    script: Script,
    keys: readonly string[],
    values: readonly (string | Buffer)[],
    size: number,
  ): Promise<unknown> {
    const line = this.#line;
    if (line === undefined) throw unreachable(what, this.#why);
    try {
      return await line.run(what, script, keys, values, size);
    } catch (error) {
      throw this.#refused(what, line, error);
    }
  }

  /** Sends a command to this server. */
  async call(what: string, command: readonly string[]): Promise<unknown> {
    const line = this.#line;
    if (line === undefined) throw unreachable(what, this.#why);
    try {
      return await line.call(what, command, 0);
    } catch (error) {
      throw this.#refused(what, line, error);
    }
  }

  /** Subscribes to a channel, from now on and after every loss. Rejected, it is not subscribed. */
  subscribe(channel: string, slot: number): Promise<void> {
    const ear = this.#ear;
    if (ear === undefined) return Promise.reject(unreachable("subscribe", this.#why));
    let subscription = this.#subscriptions.get(channel);
    if (subscription === undefined) {
      subscription = new Subscription(channel, slot);
      this.#subscriptions.set(channel, subscription);
    }
    subscription.isWanted = true;
    const started = subscription.started();
    void ear.bring(subscription);
    return started;
  }

  /** Ends a subscription. Resolves when the server knows, or is away. */
  unsubscribe(channel: string): Promise<void> {
    const subscription = this.#subscriptions.get(channel);
    if (subscription === undefined) return Promise.resolve();
    subscription.isWanted = false;
    const ended = subscription.ended();
    if (this.#ear === undefined) {
      this.#subscriptions.delete(channel);
      subscription.leave();
    } else void this.#ear.bring(subscription);
    return ended;
  }

  /** Gives away the subscriptions whose hash slots are not its own any more. */
  release(isMine: (slot: number) => boolean): Subscription[] {
    const released: Subscription[] = [];
    for (const subscription of this.#subscriptions.values()) {
      if (isMine(subscription.slot)) continue;
      this.#subscriptions.delete(subscription.channel);
      if (outlives(subscription, away("its hash slot moves"))) released.push(subscription);
    }
    return released;
  }

  /** Takes subscriptions that another shard has released. */
  adopt(subscriptions: readonly Subscription[]): void {
    if (subscriptions.length === 0) return;
    for (const subscription of subscriptions) {
      this.#subscriptions.set(subscription.channel, subscription);
    }
    this.#hasMissed = true;
    // Without an ear they are brought together with all others, once there is one.
    if (this.#ear !== undefined) void this.#bringAll(this.#ear, subscriptions);
  }

  /** Ends both links and all attempts. What waits is told `error`. */
  close(error: Error): void {
    this.#isClosed = true;
    this.#drop(error);
    this.#cancelRetry?.();
    this.#cancelTick?.();
    this.#subscriptions.clear();
  }

  #connect(): void {
    const attempt = new AbortController();
    const { clock, timeout } = this.#options;
    const cancel = clock.after(timeout, () => {
      if (this.#attempt === attempt) {
        this.#lose(away(`Redis could not be reached within ${timeout} ms`));
      }
    });
    this.#attempt = attempt;
    this.#build(attempt.signal)
      .catch((error: unknown) => {
        if (this.#attempt === attempt) this.#lose(error as Error);
      })
      .finally(cancel);
  }

  /** Makes the links that are missing and tries them; then they are used. */
  async #build(signal: AbortSignal): Promise<void> {
    const line = this.#line ?? (await this.#openLine(signal));
    const ear = await this.#openEar(signal);
    await ear.link.subscribe(this.#probeChannel);
    const heard = new Promise<void>((resolve, reject) => {
      this.#probeHeard = resolve;
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    await Promise.all([heard, this.#sendProbe(line)]);
    signal.throwIfAborted();
    this.#attempt = undefined;
    this.#line = line;
    this.#ear = ear;
    this.#probesMissed = 0;
    this.#hasHeard = true;
    this.#events.tried();
    await this.#bringAll(ear, [...this.#subscriptions.values()]);
  }

  async #openLine(signal: AbortSignal): Promise<CommandLine> {
    const { clock, timeout, backlog } = this.#options;
    const made: { line?: CommandLine } = {};
    const late = (error: Error): void => {
      if (
        this.#attempt?.signal === signal ||
        (made.line !== undefined && this.#line === made.line)
      ) {
        this.#lose(error);
      }
    };
    const link = await this.#openLink(signal, late);
    const opened = new CommandLine({ link, clock, timeout, backlog, late });
    made.line = opened;
    signal.addEventListener("abort", () => opened.close(signal.reason as Error), { once: true });
    await opened.load();
    return opened;
  }

  async #openEar(signal: AbortSignal): Promise<Ear> {
    const { clock, timeout } = this.#options;
    const made: { ear?: Ear } = {};
    const late = (error: Error): void => {
      if (this.#attempt?.signal === signal) this.#lose(error);
      else if (made.ear !== undefined && this.#ear === made.ear) this.#loseEar(error);
    };
    const link = await this.#openLink(signal, late);
    const moved = (): void => this.#events.moved();
    const gone = (subscription: Subscription): void => {
      this.#subscriptions.delete(subscription.channel);
      subscription.leave();
    };
    const opened = new Ear({ link, clock, timeout, late, moved, gone });
    made.ear = opened;
    signal.addEventListener("abort", () => opened.close(), { once: true });
    return opened;
  }

  async #openLink(signal: AbortSignal, lost: (error: Error) => void): Promise<RedisLink> {
    const events: LinkEvents = {
      message: (channel, data) => this.#hear(channel, data),
      moved: () => {
        this.#events.moved();
        // The answers of clients may get confused by this, so nothing but a new link is certain.
        lost(away("hash slots have moved to another server"));
      },
      lost,
    };
    const link = await this.#options.connection.open(events, signal, this.address);
    // A client may finish what it was told to give up.
    if (signal.aborted) link.close();
    signal.throwIfAborted();
    return link;
  }

  async #bringAll(ear: Ear, subscriptions: readonly Subscription[]): Promise<void> {
    this.#bringing += 1;
    await ear.bringAll(subscriptions);
    if (this.#ear !== ear) return;
    this.#bringing -= 1;
    if (this.#bringing > 0 || !this.#hasMissed) return;
    this.#hasMissed = false;
    this.#events.back();
  }

  #hear(channel: string, data: Uint8Array): void {
    if (channel === this.#probeChannel) {
      if (String(data) !== `${this.#probe}`) return;
      this.#probesMissed = 0;
      this.#probeHeard?.();
      this.#probeHeard = undefined;
    } else if (this.#subscriptions.has(channel)) {
      this.#hasHeard = true;
      this.#events.message(channel, data);
    }
  }

  async #sendProbe(line: CommandLine): Promise<void> {
    this.#probe += 1;
    const values = [this.#probeChannel, `${this.#probe}`];
    await line.run("probe", publishScript, [], values, 0);
  }

  #tick(): void {
    const { clock, probeInterval } = this.#options;
    this.#cancelTick = clock.after(probeInterval, () => this.#tick(), true);
    const line = this.#line;
    if (line === undefined || this.#ear === undefined) return;
    this.#failures = 0;
    if (this.#hasHeard) {
      this.#hasHeard = false;
      this.#probesMissed = 0;
      return;
    }
    if (this.#probesMissed >= mostProbesMissed) {
      this.#lose(away(`${this.#probesMissed} messages that we sent ourselves did not come back`));
      return;
    }
    // Until it is heard.
    this.#probesMissed += 1;
    this.#sendProbe(line).catch((error: unknown) => {
      this.#refused("probe", line, error);
      // A refusal is an answer, too: the server is there, and has said why.
      if (meaningOf(error) !== undefined) this.#probesMissed = 0;
    });
  }

  /** What a caller is told of a refusal; and what follows for the links. */
  #refused(what: string, line: CommandLine, error: unknown): Error {
    if (error instanceof ChannelLayerError) return error;
    const wrong = meaningOf(error)?.wrong;
    const said = unreachable(what, error);
    if (wrong === "slots") this.#events.moved();
    if (wrong === "server" && this.#line === line) this.#lose(said);
    return said;
  }

  /** Both links are given up, since one of them cannot be trusted and the server may be another. */
  #lose(error: Error): void {
    if (this.#isClosed) return;
    this.#drop(error);
    this.#events.tried();
    this.#events.moved();
    this.#retry();
  }

  #loseEar(error: Error): void {
    if (this.#isClosed) return;
    this.#why = error;
    this.#dropEar(error);
    this.#events.tried();
    this.#retry();
  }

  #drop(error: Error): void {
    this.#why = error;
    const attempt = this.#attempt;
    const line = this.#line;
    this.#attempt = undefined;
    this.#line = undefined;
    attempt?.abort(error);
    line?.close(error);
    this.#dropEar(error);
  }

  #dropEar(error: Error): void {
    this.#ear?.close();
    this.#ear = undefined;
    this.#bringing = 0;
    for (const subscription of this.#subscriptions.values()) {
      if (outlives(subscription, error)) this.#hasMissed = true;
      else this.#subscriptions.delete(subscription.channel);
    }
  }

  #retry(): void {
    const { clock, random } = this.#options;
    const longest = Math.min(firstDelay * 2 ** this.#failures, longestDelay);
    // At once after a quiet time; those who lose it together do not come back together.
    const delay = this.#failures === 0 ? 0 : longest * (0.5 + random() / 2);
    this.#failures += 1;
    this.#cancelRetry?.();
    this.#cancelRetry = clock.after(delay, () => this.#connect());
  }
}

const firstDelay = 25;
const longestDelay = 2_000;
const mostProbesMissed = 2;

/** Whether a subscription comes again when its link is gone. Who waits for it hears of the loss. */
function outlives(subscription: Subscription, error: Error): boolean {
  subscription.link = undefined;
  subscription.state = "off";
  subscription.fail(unreachable("subscribe", error));
  if (!subscription.isWanted) subscription.leave();
  return subscription.isWanted && subscription.isKept;
}
