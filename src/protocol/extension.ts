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
   * Gives back what the peer's payload stands for, of at most `maxSize` bytes, or why it cannot. It
   * must look at the limit while it works, not afterwards. Undefined if that takes longer than may
   * be spent at once: then `decodeOn` goes on, and nothing else is decoded before it is done.
   */
  decode(payload: Uint8Array, maxSize: number): Uint8Array | ProtocolError | undefined;
  /** Goes on with what `decode` began. */
  decodeOn(): Uint8Array | ProtocolError | undefined;
  /** Gives back what to send instead of `payload`, or undefined to send it as it is. */
  encode(payload: Uint8Array): Uint8Array | undefined;
  /** Gives its memory back. It is not used after this. */
  dispose(): void;
}
