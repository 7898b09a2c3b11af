import type { DeflateShare } from "./deflate-share.ts";
import { MatchFinder } from "./match-finder.ts";

/**
 * A context looks back no farther than 2 to the power of this, whatever was agreed on: more would cost
 * twice the memory for some hundredths of the size.
 */
const maxContextBits = 13;

/** What a context allocates first. */
const smallest = 4 * 1024;

/**
 * Compresses the messages of one connection, each with the help of those before it ("context takeover",
 * RFC 7692 §7.1.1). Its memory follows what was really sent, up to twice the window and an index, as
 * far as the share has room; with less it looks back less far.
 */
export class DeflateContext {
  readonly #share: DeflateShare;
  readonly #windowBits: number;
  readonly #window: number;
  #finder: MatchFinder = new MatchFinder();
  /** The messages that were sent, one after the other. */
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(this.#bytes.buffer, 0, 0);
  #end = 0;
  /** Nothing before this may be looked at. */
  #floor = 0;
  /** Where the latest message begins, if it alone can be taken back. */
  #latest = 0;

  constructor(share: DeflateShare, windowBits: number) {
    this.#share = share;
    this.#windowBits = windowBits;
    this.#window = 1 << Math.min(windowBits, maxContextBits);
  }

  /** Gives what a frame carries for `message`; see {@link Deflater.compress}. */
  compress(message: Uint8Array, last: boolean): Buffer {
    const { deflater } = this.#share;
    const size = message.length;
    if (!this.#room(size)) {
      // A message that fills the window has no use for what was before.
      const compressed = deflater.compress(message, this.#windowBits, last);
      this.#restart(message);
      return compressed;
    }
    const start = this.#end;
    const end = start + size;
    this.#bytes.set(message, start);
    this.#latest = start;
    this.#end = end;
    const { block } = deflater;
    block.begin();
    if (size > 0) {
      this.#finder.find(this.#bytes, this.#view, start, end, this.#floor, this.#window, block);
      block.write(this.#bytes, start, end);
    }
    return block.end(!last);
  }

  /** The latest message was not sent as it was compressed: the peer does not have it in its window. */
  takeBack(): void {
    this.#end = this.#latest;
  }

  /** The next message looks back at nothing. */
  forget(): void {
    this.#floor = this.#end;
    this.#latest = this.#end;
  }

  /** Gives the memory back until there is a message again. */
  release(): void {
    this.#share.release(heldBy(this.#bytes.length));
    this.#allocate(0);
  }

  /** Makes room for a message of `size` bytes, and keeps as much of what was before as may be looked at. */
  #room(size: number): boolean {
    const window = this.#window;
    if (size > window) return false;
    let capacity = this.#bytes.length;
    if (this.#end + size <= capacity) return true;
    const before = this.#bytes;
    const larger = Math.min(2 * window, Math.max(smallest, capacity * 2, powerOf2(size * 2)));
    const grows = larger > capacity && this.#share.reserve(heldBy(larger) - heldBy(capacity));
    if (grows) capacity = larger;
    if (size > capacity) return false;
    const kept = Math.min(this.#end - this.#floor, window, capacity - size);
    const from = this.#end - kept;
    if (grows) {
      this.#allocate(capacity);
      before.copy(this.#bytes, 0, from, from + kept);
      this.#finder.index(this.#view, 0, kept);
    } else {
      before.copyWithin(0, from, from + kept);
      this.#finder.slide(from);
    }
    this.#floor = 0;
    this.#end = kept;
    return true;
  }

  /** Remembers the end of a message that was compressed elsewhere. */
  #restart(message: Uint8Array): void {
    const window = this.#window;
    const kept = Math.min(message.length, window, this.#bytes.length / 2);
    this.#bytes.set(message.subarray(message.length - kept));
    this.#finder.resize(slotsFor(this.#bytes.length));
    this.#finder.index(this.#view, 0, kept);
    this.#floor = 0;
    this.#end = kept;
    this.#latest = 0;
  }

  #allocate(capacity: number): void {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.#bytes.buffer, 0, capacity);
    this.#finder = new MatchFinder();
    this.#finder.resize(slotsFor(capacity));
    this.#floor = 0;
    this.#end = 0;
    this.#latest = 0;
  }
}

/** How many positions are remembered. */
function slotsFor(capacity: number): number {
  return capacity / 4;
}

/** What a context holds: the messages, and two bytes for each position that is remembered. */
function heldBy(capacity: number): number {
  return capacity + 2 * slotsFor(capacity);
}

/** The least power of 2 that is no less than `size`. */
function powerOf2(size: number): number {
  return 1 << (32 - Math.clz32(size - 1));
}
