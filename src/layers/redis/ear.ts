import type { Clock } from "../../internal/clock.ts";
import { away } from "../away.ts";
import type { RedisLink } from "./connection.ts";
import { Deadlines, type Due } from "./deadlines.ts";
import { meaningOf, unreachable } from "./redis-error.ts";
import type { Subscription } from "./subscription.ts";

/** What an {@link Ear} needs to know. */
export interface EarOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  /** How long the server may take for a subscription, in milliseconds. */
  readonly timeout: number;
  /** The link cannot be trusted any more. */
  readonly late: (error: Error) => void;
  /** The server says that another one has this channel's slot. */
  readonly moved: () => void;
  /** Nobody wants this subscription any more, or it was refused before it was ever on. */
  readonly gone: (subscription: Subscription) => void;
}

/** The subscriptions of one link. */
export class Ear {
  readonly link: RedisLink;
  readonly #options: EarOptions;
  readonly #deadlines: Deadlines<Due>;
  #isOver = false;

  constructor(options: EarOptions) {
    this.#options = options;
    this.link = options.link;
    const { clock, timeout, late } = options;
    this.#deadlines = new Deadlines(clock, timeout, () => {
      late(away(`Redis did not take a subscription within ${timeout} ms`));
    });
  }

  /** Subscribes to all of these, some at a time, so that nobody else has to wait for them. */
  async bringAll(subscriptions: readonly Subscription[]): Promise<void> {
    for (let start = 0; start < subscriptions.length; start += batchSize) {
      const batch = subscriptions.slice(start, start + batchSize);
      await Promise.all(batch.map((subscription) => this.bring(subscription)));
      if (this.#isOver) return;
    }
  }

  /** Makes the server know what is wanted; resolves when there is nothing left to do. */
  async bring(subscription: Subscription): Promise<void> {
    const { link } = this;
    if (subscription.link !== link) {
      subscription.link = link;
      subscription.state = "off";
    }
    // Another call of this is under way, and will see what is wanted when it goes on.
    if (subscription.state === "starting" || subscription.state === "ending") return;
    while (!this.#isOver && subscription.link === link) {
      const { isWanted } = subscription;
      if (isWanted === (subscription.state === "on")) break;
      subscription.state = isWanted ? "starting" : "ending";
      const due = { due: 0 };
      this.#deadlines.add(due);
      try {
        if (isWanted) await link.subscribe(subscription.channel);
        else await link.unsubscribe(subscription.channel);
      } catch (error) {
        return this.#refused(subscription, due, error);
      }
      if (!this.#deadlines.end(due) || subscription.link !== link) return;
      subscription.state = isWanted ? "on" : "off";
      if (!isWanted) subscription.leave();
    }
    if (this.#isOver || subscription.link !== link) return;
    if (subscription.isWanted) subscription.succeed();
    else this.#options.gone(subscription);
  }

  /** Ends it: what it waits for comes from another one, or not at all. */
  close(): void {
    this.#isOver = true;
    this.#deadlines.clear();
    this.link.close();
  }

  #refused(subscription: Subscription, due: Due, error: unknown): void {
    if (!this.#deadlines.end(due) || subscription.link !== this.link) return;
    const { isWanted, isKept } = subscription;
    subscription.state = "off";
    if (!isWanted || !isKept) {
      subscription.fail(unreachable("subscribe", error));
      this.#options.gone(subscription);
    }
    if (meaningOf(error)?.wrong !== undefined) this.#options.moved();
    // It has to come again; by a new link, and perhaps elsewhere.
    if (isWanted && isKept) this.#options.late(unreachable("subscribe", error));
  }
}

/** How many subscriptions may be under way at a time when all of them come again. */
const batchSize = 250;
