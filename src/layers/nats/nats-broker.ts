import { randomBytes } from "node:crypto";
import { ChannelLayerError } from "../../errors.ts";
import { type Clock, systemClock } from "../../internal/clock.ts";
import type { Address, Append, Broker, BrokerEars, KeptSlice } from "../broker/broker.ts";
import type { FullHistoryRule } from "../history-rule.ts";
import type { Position } from "../position.ts";
import { FollowedGroup } from "./followed-group.ts";
import { HistoryStream } from "./history-stream.ts";
import { JetStream } from "./jet-stream.ts";
import type { NatsConnection, NatsMessage } from "./nats-connection.ts";
import { type Listening, NatsLink, refused } from "./nats-link.ts";
import type { StreamOptions } from "./stream-finder.ts";
import { Subjects } from "./subjects.ts";

/** How a {@link NatsBroker} works. */
export interface NatsBrokerOptions {
  readonly connection: NatsConnection;
  /** How histories are kept. */
  readonly jetstream?: StreamOptions;
  /** With what all subjects begin. @defaultValue "sluice" */
  readonly prefix?: string;
  /** How long an answer of the server may take, in milliseconds. @defaultValue 5 000 */
  readonly timeout?: number;
  readonly clock?: Clock;
}

/**
 * NATS, as an engine between processes: a subject for each address, and for each rule of histories a
 * stream of JetStream that publishes again what was appended, numbered, as one step.
 */
export class NatsBroker implements Broker {
  readonly #clock: Clock;
  readonly #subjects: Subjects;
  readonly #stream: StreamOptions;
  readonly #link: NatsLink;
  readonly #jetStream: JetStream;
  #ears: BrokerEars = deaf;
  /** What is listened to, by subject. */
  readonly #listening = new Map<string, Listening>();
  readonly #followed = new Map<string, FollowedGroup>();
  /** By the pattern of their rule. */
  readonly #streams = new Map<string, HistoryStream>();
  #cancelReturn: (() => void) | undefined;
  #isClosed = false;

  constructor(options: NatsBrokerOptions) {
    const { connection, jetstream = {}, prefix = "sluice", timeout = 5_000 } = options;
    this.#clock = options.clock ?? systemClock;
    this.#subjects = new Subjects(prefix);
    this.#stream = jetstream;
    this.#link = new NatsLink({
      connection,
      clock: this.#clock,
      timeout,
      replies: this.#subjects.replies(randomBytes(8).toString("hex")),
      back: () => void this.#return(),
    });
    this.#jetStream = new JetStream(this.#link, jetstream.domain);
  }

  get maxSize(): number {
    return Math.max(this.#link.maxPayload - headerRoom, 0);
  }

  open(ears: BrokerEars): void {
    this.#ears = ears;
    this.#link.open();
  }

  subscribe(address: Address): Promise<void> {
    return this.#listen(this.#subjects.address(address), ({ data }) =>
      this.#ears.message(address, data),
    );
  }

  unsubscribe(address: Address): Promise<void> {
    return this.#unlisten(this.#subjects.address(address));
  }

  async publish(address: Address, data: Uint8Array): Promise<boolean> {
    const subject = this.#subjects.address(address);
    if (address.startsWith("n")) return this.#link.tell(subject, data);
    await this.#link.send(subject, data);
    return true;
  }

  async follow(group: string): Promise<void> {
    const followed = this.#followed.get(group) ?? new FollowedGroup(group, this.#clock);
    this.#followed.set(group, followed);
    try {
      await this.#listen(this.#subjects.live(group), (message) =>
        followed.take(message, this.#ears),
      );
    } catch (error) {
      if (this.#followed.get(group) === followed) this.#followed.delete(group);
      throw error;
    }
  }

  unfollow(group: string): Promise<void> {
    this.#followed.delete(group);
    return this.#unlisten(this.#subjects.live(group));
  }

  async append(append: Append): Promise<Position> {
    return this.#streamOf(append.rule).append(append);
  }

  async read(
    group: string,
    rule: FullHistoryRule,
    since: Position | undefined,
    limit: number,
  ): Promise<KeptSlice> {
    const stream = this.#streamOf(rule);
    const followed = this.#followed.get(group);
    if (followed !== undefined) followed.stream = stream;
    return stream.read(group, since, limit, followed);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ears = deaf;
    this.#cancelReturn?.();
    for (const listening of this.#listening.values()) listening.end();
    this.#listening.clear();
    this.#followed.clear();
    await this.#link.close();
  }

  async #listen(subject: string, take: (message: NatsMessage) => void): Promise<void> {
    let listening = this.#listening.get(subject);
    if (listening === undefined) {
      listening = this.#link.listen(subject, take);
      this.#listening.set(subject, listening);
    }
    try {
      await this.#link.confirm();
      if (listening.error !== undefined) throw refused(listening.error);
    } catch (error) {
      listening.end();
      if (this.#listening.get(subject) === listening) this.#listening.delete(subject);
      throw error;
    }
  }

  async #unlisten(subject: string): Promise<void> {
    this.#listening.get(subject)?.end();
    this.#listening.delete(subject);
    // Away, the server has forgotten it already.
    await this.#link.confirm().catch(() => {});
  }

  #streamOf(rule: FullHistoryRule): HistoryStream {
    if (this.#isClosed) throw closed();
    const known = this.#streams.get(rule.groups);
    if (known !== undefined) return known;
    const stream = new HistoryStream({
      jetStream: this.#jetStream,
      subjects: this.#subjects.history(rule),
      rule,
      stream: this.#stream,
      clock: this.#clock,
      renewed: () => this.#ears.missed(),
    });
    this.#streams.set(rule.groups, stream);
    return stream;
  }

  /** The connection is there again: the streams may not be what they were, or not there yet. */
  async #return(): Promise<void> {
    this.#cancelReturn?.();
    const reopened = [...this.#streams.values()].map((stream) => stream.reopen());
    // What is read from now on is read from what was found now.
    this.#ears.missed();
    for (const result of await Promise.allSettled(reopened)) {
      if (result.status === "fulfilled" || this.#isClosed) continue;
      if ((result.reason as { temporary?: boolean }).temporary !== true) continue;
      this.#cancelReturn?.();
      this.#cancelReturn = this.#clock.after(returnInterval, () => void this.#return());
    }
  }
}

/** What headers may take: an id, or what the server adds when it publishes again. */
const headerRoom = 2_048;

/** How long after a vain look for the streams they are looked for again, in milliseconds. */
const returnInterval = 1_000;

const deaf: BrokerEars = { message() {}, kept() {}, missed() {} };

function closed(): ChannelLayerError {
  return new ChannelLayerError("ERR_LAYER_CLOSED", "the connection of the layer was closed");
}
