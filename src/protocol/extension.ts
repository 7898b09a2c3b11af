import type { ProtocolError } from "../errors.ts";

/**
 * A negotiated extension, as far as messages are concerned (RFC 6455 §5.8, §9).
 *
 * It transforms whole messages: the bits that it owns are set on a message's first frame, and its
 * payload, put together from all fragments, passes through here.
 */
export interface Extension {
  /** The reserved bits it owns, RSV1 as 4, RSV2 as 2, RSV3 as 1. */
  readonly rsv: number;
  /**
   * Begins to turn the peer's payload into what it stands for, of at most `maxSize` bytes. Gives
   * those bytes, which are the caller's to keep, or why there are none, or undefined if this turn's
   * work is used up: then {@link decodeOn} goes on, and nothing else may be decoded before it ended.
   * It looks at the limit while it works, not afterwards, and reads `payload` until it ends.
   */
  decode(payload: Uint8Array, maxSize: number): Uint8Array | ProtocolError | undefined;
  /** Goes on with what {@link decode} began, in a later turn. */
  decodeOn(): Uint8Array | ProtocolError | undefined;
  /**
   * Gives back what to send instead of `payload`, or undefined to send it as it is. What it gave
   * must be sent, and before anything that is encoded later: the peer follows in this order.
   */
  encode(payload: Uint8Array): Uint8Array | undefined;
  /** Gives back what it holds. Nothing is decoded or encoded after this. */
  dispose(): void;
}
