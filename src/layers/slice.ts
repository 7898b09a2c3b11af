import type { Delivery, LayerMessage } from "./channel-layer.ts";
import type { Position } from "./position.ts";

/**
 * One message of a group's history, as its members get it; or with `M` as it is written down, where
 * nobody reads it.
 */
export interface HistoryItem<M = LayerMessage> {
  readonly offset: number;
  /** The offset of the message before it: one less, unless a backend counts several groups together. */
  readonly previous: number;
  /** Deep-frozen: everybody who asks for it gets this object. */
  readonly message: M;
  /** With its position. Frozen, too. */
  readonly delivery: Delivery;
  /** The channel that does not get it, now or later. */
  readonly except: string | undefined;
}

/** What a history answers when it is asked for all that came after a position. */
export interface Slice<M = LayerMessage> {
  readonly epoch: string;
  /** The newest offset, or the place before the first message. */
  readonly top: number;
  /** The oldest offset that is held, if any is. */
  readonly oldest: number | undefined;
  /**
   * What came after the position, oldest first and without a hole; if it ends before `top` there is
   * more than was asked for. Undefined when the history cannot prove that nothing is missing: another
   * epoch, an offset beyond `top`, or messages that are no longer held.
   */
  readonly items: readonly HistoryItem<M>[] | undefined;
}

/** Where the histories of groups are read. One object serves all of them. */
export interface HistorySource {
  /**
   * What came after a position in a group, at most `limit` messages of it, from 1 on; without one,
   * only where the history stands. Over a network it waits until live messages of the group arrive
   * here: what is sent after it was read comes live. It rejects when the backend is away. Within an
   * epoch `top` never goes back: who asks several copies of a history takes care of that.
   */
  read(group: string, since: Position | undefined, limit: number): Slice | Promise<Slice>;
}
