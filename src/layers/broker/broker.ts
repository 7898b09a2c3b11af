import type { FullHistoryRule } from "../history-rule.ts";
import type { Position } from "../position.ts";

/**
 * Where processes hear each other: `g` and a group's name, `n` and a process's name, or `a`, which
 * all processes of a layer hear. Several processes may hear one `n`, too. How it is spelt for the engine is the broker's own affair; no two
 * addresses may come out the same, whatever letters a group's name has.
 */
export type Address = `g${string}` | `n${string}` | "a";

/** One message of a group's history, as it was written down. */
export interface KeptItem {
  readonly offset: number;
  /** The offset of the group's message before it: one less, unless groups are counted together. */
  readonly previous: number;
  readonly data: Uint8Array;
}

/** What a broker answers when it is asked what a group was sent after a position. */
export interface KeptSlice {
  readonly epoch: string;
  readonly top: number;
  readonly oldest: number | undefined;
  /** As {@link Slice.items}: without a hole, or undefined where that cannot be proved. */
  readonly items: readonly KeptItem[] | undefined;
}

/** What a broker tells its layer. Called in the order in which the engine sent it. */
export interface BrokerEars {
  /** A message came on an address that was subscribed to. */
  message(address: Address, data: Uint8Array): void;
  /** A message came that was appended to the history of a group which is followed. */
  kept(group: string, epoch: string, item: KeptItem): void;
  /**
   * Messages may have been lost on the way, of any address and group: said once everything that was
   * subscribed and followed arrives again, so that whoever looks now misses nothing after it.
   */
  missed(): void;
}

/**
 * An engine between processes, as small as a channel layer needs it: it carries bytes to addresses,
 * and keeps the newest messages of groups with a history. Who is a member, who is present, and who
 * reads a fixed name is for {@link BrokerLayer} to know; a broker stores nothing of it.
 *
 * Whatever needs the engine rejects with `ERR_LAYER_UNREACHABLE`, whose `temporary` is true, in
 * bounded time while the engine is away; nothing is kept for later. An error means that it may have
 * been done, or not. What one process publishes and appends MUST be taken by the engine in the order
 * of the calls. What is asked of a closed broker rejects too; no ear hears anything after `close`.
 */
export interface Broker {
  /** The most that `publish` and `append` take, in bytes. More is the layer's to refuse. */
  readonly maxSize: number;

  /** Begins to listen. Called once, before anything else; what fails now is tried again. */
  open(ears: BrokerEars): void;

  /**
   * Resolves when whatever is published to the address from now on, by whomever, arrives here. It
   * stays subscribed through every loss of the connection until {@link unsubscribe}. Rejected, it is
   * not subscribed.
   */
  subscribe(address: Address): Promise<void>;
  /** Nothing of it need arrive from now on. Resolves when the engine knows, or is away. */
  unsubscribe(address: Address): Promise<void>;
  /**
   * Publishes to an address, ourselves included where we have subscribed to it. Resolves when the
   * engine has it: with false if the engine knows that nobody was there to get it, which it MUST know
   * of the addresses of processes (`n…`); otherwise with true.
   */
  publish(address: Address, data: Uint8Array): Promise<boolean>;

  /** As {@link subscribe}, for the messages that are appended to a group's history. */
  follow(group: string): Promise<void>;
  /** As {@link unsubscribe}. */
  unfollow(group: string): Promise<void>;
  /**
   * Numbers a message, keeps it, and publishes it to those who follow the group, as one step. With an
   * `id` that is known within the rule's window nothing happens, and the first position is the answer.
   */
  append(append: Append): Promise<Position>;
  /**
   * What came after a position, at most `limit` messages of it, from 1 on; without a position only
   * where the history stands. Within an epoch `top` never goes back, and no position is ever given to
   * a second message: a history that was lost, in part or whole, goes on in a new epoch.
   */
  read(
    group: string,
    rule: FullHistoryRule,
    since: Position | undefined,
    limit: number,
  ): Promise<KeptSlice>;

  /** Ends what it began, at once; resolves when the engine knows. The user's own client stays open. */
  close(): Promise<void>;
}

/** What is asked of {@link Broker.append}. */
export interface Append {
  readonly group: string;
  readonly rule: FullHistoryRule;
  readonly data: Uint8Array;
  readonly id: string | undefined;
}
