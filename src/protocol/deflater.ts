import { DeflateBlock, maxBlock } from "./deflate-block.ts";
import { MatchFinder } from "./match-finder.ts";

/** How many positions are remembered, as powers of 2: about as many as the message has. */
const minSlotBits = 8;
const maxSlotBits = 14;

/**
 * Compresses messages without context (RFC 1951, RFC 7692 §7.2.1): each looks back into itself alone,
 * so one of these serves all connections.
 */
export class Deflater {
  readonly #finder: MatchFinder = new MatchFinder();
  /** What blocks are written with: scratch, for contexts as well. */
  readonly block: DeflateBlock = new DeflateBlock();

  /**
   * Gives what a frame carries for `bytes`. Nothing in it looks back farther than 2 to the power of
   * `windowBits`. All of a message but its `last` part keeps the octets that end it.
   */
  compress(bytes: Uint8Array, windowBits: number, last = true): Buffer {
    const { block } = this;
    const finder = this.#finder;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const slotBits = 32 - Math.clz32(bytes.length);
    finder.resize(1 << Math.min(maxSlotBits, Math.max(minSlotBits, slotBits)));
    block.begin();
    for (let start = 0; start < bytes.length; start += maxBlock) {
      const end = Math.min(bytes.length, start + maxBlock);
      finder.find(bytes, view, start, end, 0, 1 << windowBits, block);
      block.write(bytes, start, end);
    }
    return block.end(!last);
  }
}
