import { ProtocolError } from "../errors.ts";
import { BitSource, viewOf } from "./bit-source.ts";
import { BlockCodes } from "./block-codes.ts";
import { noEntry } from "./decode-table.ts";
import {
  distanceBase,
  distanceExtra,
  endOfBlock,
  firstLength,
  lengthBase,
  lengthExtra,
  maxBits,
  maxMatch,
} from "./deflate-symbols.ts";
import type { SlidingWindow } from "./sliding-window.ts";

/** Room behind what is decoded: a run of literals or a match, and what is copied too much. */
const slack = maxMatch + 6;
/** Entries of a `DecodeTable` up to here are literals. */
const lastLiteral = (255 << 4) | 15;
/** What messages are inflated into, as long as they fit. */
const scratchSize = 128 * 1024;

/**
 * Blocks count as work beyond the bytes they give: without that, a payload of blocks that stand for
 * nothing would be free.
 */
const blockWork = 32;
const tableWork = 2048;

// What is read next.
const inHeader = 0;
const inStored = 1;
const inCodes = 2;
const ended = 3;

const fixed = BlockCodes.fixed();

/**
 * Decodes DEFLATE (RFC 1951), one message at a time and as much of it at a time as is asked for.
 *
 * A message is what a frame of permessage-deflate carries: blocks, without the four octets that
 * every message ends with (RFC 7692 §7.2.2). It never holds more than what was really inflated,
 * doubled, nor more than the limit and one match.
 */
export class Inflater {
  /** What the message stands for, or why it stands for nothing; undefined before it ended. */
  outcome: Uint8Array | ProtocolError | undefined;

  readonly #source: BitSource = new BitSource();

  readonly #scratch: Buffer = Buffer.allocUnsafeSlow(scratchSize);
  readonly #scratchView: DataView = viewOf(this.#scratch);
  #output: Buffer = this.#scratch;
  #outputView: DataView = this.#scratchView;
  #length = 0;
  #maxSize = 0;
  #window: SlidingWindow | undefined;
  #reach = 0;

  #state = ended;
  /** Whether the latest block is a final one, and whether it is a stored one without bytes. */
  #final = false;
  #emptyStored = false;
  /** Bytes of a stored block that are still due. */
  #due = 0;
  readonly #dynamic: BlockCodes = new BlockCodes();
  #codes: BlockCodes = fixed;

  /**
   * Begins a message of at most `maxSize` bytes. It may look back `reach` bytes at most, and if there is a
   * `window`, into that, too. `payload` is read until the outcome is there.
   */
  begin(payload: Buffer, maxSize: number, reach: number, window?: SlidingWindow): void {
    this.outcome = undefined;
    this.#source.begin(payload);
    this.#output = this.#scratch;
    this.#outputView = this.#scratchView;
    this.#length = 0;
    this.#maxSize = maxSize;
    this.#reach = reach;
    this.#window = window;
    this.#final = false;
    this.#state = inHeader;
    // An empty payload is no DEFLATE at all, but some senders mean an empty message by it.
    if (payload.length === 0) this.#end();
  }

  /**
   * Does about `budget` bytes of work.
   * @returns how much it did; {@link outcome} is set if the message ended.
   */
  step(budget: number): number {
    let work = 0;
    while (this.#state !== ended && work < budget) {
      const before = this.#length;
      if (this.#state === inHeader) work += this.#readHeader();
      else if (this.#state === inCodes) this.#readCodes(budget - work);
      else this.#readStored(budget - work);
      work += this.#length - before;
      if (this.#length > this.#maxSize && this.#state !== ended) this.#failSize();
    }
    return work;
  }

  /** Ends without an outcome: nobody waits for it any more. */
  abandon(): void {
    this.#forget();
  }

  #readHeader(): number {
    const source = this.#source;
    if (source.inTail && source.left === 0) {
      // RFC 7692 §7.2.1: what the sender took off is the end of an empty stored block.
      if (!this.#emptyStored) return this.#fail("no empty stored block at its end");
      this.#end();
      return 0;
    }
    if (this.#final) {
      // RFC 7692 §7.2.1: a final block is padded with zeros to an octet, and the next block follows.
      if (source.bits(source.count & 7) !== 0) return this.#fail("padding that is not zero");
    }
    this.#final = source.bits(1) === 1;
    this.#emptyStored = false;
    const type = source.bits(2);
    if (type === 0) {
      source.bits(source.count & 7);
      this.#due = source.bits(16);
      if (source.bits(16) !== (this.#due ^ 0xffff))
        return this.#fail("stored block with a wrong length");
      this.#state = inStored;
      this.#emptyStored = this.#due === 0;
    } else if (type === 1) {
      this.#codes = fixed;
      this.#state = inCodes;
    } else if (type === 2) {
      this.#codes = this.#dynamic;
      const fault = this.#codes.read(source);
      if (fault !== undefined) return this.#fail(fault);
      this.#state = inCodes;
    } else {
      return this.#fail("block type 3");
    }
    if (source.left < 0) this.#fail("cut off in the header of a block");
    return type === 2 ? tableWork : blockWork;
  }

  /** Decodes symbols until `budget` bytes came of them, or the block ends. */
  #readCodes(budget: number): void {
    const source = this.#source;
    const { symbols: symbolTable, distances: distanceTable } = this.#codes;
    const symbols = symbolTable.entries;
    const symbolMask = symbolTable.mask;
    const distances = distanceTable.entries;
    const distanceMask = distanceTable.mask;
    const output = this.#room();
    const outputView = this.#outputView;
    const reach = this.#reach;
    let view = source.view;
    let position = source.position;
    let careAt = source.careAt;
    let hold = source.hold;
    let count = source.count;
    let length = this.#length;
    const stopAt = Math.min(output.length - slack, length + budget);

    while (length < stopAt) {
      if (position >= careAt) {
        source.position = position;
        source.count = count;
        if (!source.inTail) {
          source.enterTail();
          view = source.view;
          position = 0;
          careAt = source.careAt;
        } else if (source.left < 0) {
          break;
        }
      }
      if (count < maxBits) {
        hold |= view.getInt32(position, true) << count;
        position += (31 - count) >> 3;
        count |= 24;
      }
      let entry = symbols[hold & symbolMask]!;
      let used = entry & 15;
      // Literals come in runs: as many as there are bits for, which `slack` has room for.
      while (entry <= lastLiteral && used <= count) {
        hold = (hold >>> used) | 0;
        count -= used;
        output[length++] = entry >>> 4;
        entry = symbols[hold & symbolMask]!;
        used = entry & 15;
      }
      if (length >= stopAt) break;
      if (entry === noEntry) {
        if (count < maxBits) continue;
        entry = symbolTable.search(hold);
        if (entry === noEntry) return void this.#fail("bits that are no code");
        used = entry & 15;
      }
      if (used > count) continue;
      hold = (hold >>> used) | 0;
      count -= used;
      let symbol = entry >>> 4;
      if (symbol < 256) {
        output[length++] = symbol;
        continue;
      }
      if (symbol === endOfBlock) {
        this.#state = inHeader;
        break;
      }
      symbol -= firstLength;
      if (symbol > 28) return void this.#fail("symbol 286 or 287");
      used = lengthExtra[symbol]!;
      if (count < maxBits + used) {
        hold |= view.getInt32(position, true) << count;
        position += (31 - count) >> 3;
        count |= 24;
      }
      const size = lengthBase[symbol]! + (hold & ((1 << used) - 1));
      hold = (hold >>> used) | 0;
      count -= used;
      entry = distances[hold & distanceMask]!;
      if (entry === noEntry) {
        entry = distanceTable.search(hold);
        if (entry === noEntry) return void this.#fail("bits that are no distance");
      }
      used = entry & 15;
      hold = (hold >>> used) | 0;
      count -= used;
      symbol = entry >>> 4;
      if (symbol > 29) return void this.#fail("distance code 30 or 31");
      used = distanceExtra[symbol]!;
      if (count < used) {
        hold |= view.getInt32(position, true) << count;
        position += (31 - count) >> 3;
        count |= 24;
      }
      const distance = distanceBase[symbol]! + (hold & ((1 << used) - 1));
      hold = (hold >>> used) | 0;
      count -= used;
      let from = length - distance;
      if (from < 0 || distance > reach) {
        if (!this.#copyWindow(length, distance, size)) return;
        length += size;
        continue;
      }
      const end = length + size;
      if (distance < 4) {
        while (length < end) output[length++] = output[from++]!;
      } else {
        // Four at a time: what is written too much is written over later.
        while (length < end) {
          outputView.setInt32(length, outputView.getInt32(from, true), true);
          length += 4;
          from += 4;
        }
        length = end;
      }
    }
    source.position = position;
    source.hold = hold;
    source.count = count;
    this.#length = length;
    if (source.left < 0) this.#fail("cut off in a block");
  }

  /** Copies a match that begins before this message. */
  #copyWindow(length: number, distance: number, size: number): boolean {
    const window = this.#window;
    const behind = length + (window === undefined ? 0 : window.length);
    if (distance > Math.min(behind, this.#reach)) {
      this.#fail(`distance of ${distance}, beyond the window or what was sent`);
      return false;
    }
    window!.copy(this.#output, length, distance - length, size);
    return true;
  }

  /** Copies what is there of a stored block (RFC 1951 §3.2.4), up to `budget` bytes. */
  #readStored(budget: number): void {
    const source = this.#source;
    if (this.#due === 0) {
      this.#state = inHeader;
      return;
    }
    const output = this.#room();
    // Nothing was read ahead: the two lengths take more bits than are ever held.
    source.hold = 0;
    if (source.position === source.bytes.length && !source.inTail) source.enterTail();
    const end = source.inTail ? source.careAt : source.bytes.length;
    const size = Math.min(this.#due, budget, output.length - this.#length, end - source.position);
    if (size <= 0) return void this.#fail("cut off in a stored block");
    output.set(source.bytes.subarray(source.position, source.position + size), this.#length);
    source.position += size;
    this.#length += size;
    this.#due -= size;
  }

  /** Makes room for one match at least. */
  #room(): Buffer {
    const output = this.#output;
    if (output.length - this.#length > slack) return output;
    const doubled = output.length * 2;
    const size = doubled < this.#maxSize ? doubled : this.#maxSize + 1 + slack;
    const larger = Buffer.allocUnsafeSlow(size);
    larger.set(output.subarray(0, this.#length));
    this.#output = larger;
    this.#outputView = viewOf(larger);
    return larger;
  }

  #end(): void {
    const output = this.#output;
    const size = this.#length;
    let message: Buffer;
    if (output === this.#scratch) {
      message = Buffer.allocUnsafe(size);
      message.set(new Uint8Array(output.buffer, 0, size));
    } else {
      message = output.subarray(0, size);
    }
    this.outcome = message;
    this.#window?.append(message);
    this.#forget();
  }

  #failSize(): void {
    this.outcome = new ProtocolError(
      "ERR_MESSAGE_TOO_BIG",
      1009,
      `inflated message exceeds the limit of ${this.#maxSize} bytes`,
    );
    this.#forget();
  }

  #fail(what: string): 0 {
    const message = `message is not valid DEFLATE: ${what}`;
    this.outcome = new ProtocolError("ERR_FRAME_EXTENSION", 1007, message);
    this.#forget();
    return 0;
  }

  #forget(): void {
    this.#state = ended;
    this.#source.release();
    this.#output = this.#scratch;
    this.#outputView = this.#scratchView;
    this.#window = undefined;
  }
}
