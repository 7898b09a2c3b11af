import { ProtocolError } from "../errors.ts";
import { DecodeTable } from "./decode-table.ts";
import {
  distanceBase,
  distanceExtra,
  endOfBlock,
  firstLength,
  lengthBase,
  lengthExtra,
  lengthOrder,
  maxBits,
  maxMatch,
  tail,
} from "./deflate-symbols.ts";
import type { SlidingWindow } from "./sliding-window.ts";

/** What a decoder reads at most beyond the bits that it uses, and for one symbol. */
const lookahead = 16;
const tailView = viewOf(tail);
/** Room behind what is decoded: two symbols, and what is copied too much. */
const slack = maxMatch + 6;
/** Entries of a {@link DecodeTable} up to here are literals. */
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

/** Scratch: code lengths, which symbols have one, and the code that they are written in. */
const lengths = new Uint8Array(320);
const used = new Uint16Array(320);
const lengthTable = new DecodeTable();

/** The code of blocks without one of their own (RFC 1951 §3.2.6). */
const fixedSymbols = new DecodeTable();
const fixedDistances = new DecodeTable();
for (const symbol of used.keys()) used[symbol] = symbol;
lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
fixedSymbols.build(lengths, used, 0, 288, 0);
fixedDistances.build(lengths.fill(5, 0, 32), used, 0, 32, 0);

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

  #input: Buffer = tail;
  #view: DataView = tailView;
  #position = 0;
  /** From here on reading needs care: the payload goes over into the tail, or the tail ends. */
  #careAt = 0;
  #inTail = false;
  readonly #tail: Buffer = Buffer.alloc(lookahead + tail.length + lookahead);
  readonly #tailView: DataView = viewOf(this.#tail);
  /** Bits that were read and not used, the next one lowest. */
  #hold = 0;
  #count = 0;

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
  readonly #symbols: DecodeTable = new DecodeTable();
  readonly #distances: DecodeTable = new DecodeTable();
  #symbolTable: DecodeTable = fixedSymbols;
  #distanceTable: DecodeTable = fixedDistances;

  /**
   * Begins a message of at most `maxSize` bytes. It may look back `reach` bytes at most, and if there is a
   * `window`, into that, too. `payload` is read until the outcome is there.
   */
  begin(payload: Buffer, maxSize: number, reach: number, window?: SlidingWindow): void {
    this.outcome = undefined;
    this.#input = payload;
    this.#view = viewOf(payload);
    this.#position = 0;
    this.#careAt = payload.length - lookahead;
    this.#inTail = false;
    this.#hold = 0;
    this.#count = 0;
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
    if (this.#inTail && this.#left === 0) {
      // RFC 7692 §7.2.1: what the sender took off is the end of an empty stored block.
      if (!this.#emptyStored) return this.#fail("no empty stored block at its end");
      this.#end();
      return 0;
    }
    if (this.#final) {
      // RFC 7692 §7.2.1: a final block is padded with zeros to an octet, and the next block follows.
      if (this.#bits(this.#count & 7) !== 0) return this.#fail("padding that is not zero");
    }
    this.#final = this.#bits(1) === 1;
    this.#emptyStored = false;
    const type = this.#bits(2);
    if (type === 0) {
      this.#bits(this.#count & 7);
      this.#due = this.#bits(16);
      if (this.#bits(16) !== (this.#due ^ 0xffff))
        return this.#fail("stored block with a wrong length");
      this.#state = inStored;
      this.#emptyStored = this.#due === 0;
    } else if (type === 1) {
      this.#symbolTable = fixedSymbols;
      this.#distanceTable = fixedDistances;
      this.#state = inCodes;
    } else if (type === 2) {
      this.#readTables();
    } else {
      return this.#fail("block type 3");
    }
    if (this.outcome === undefined && this.#left < 0)
      this.#fail("cut off in the header of a block");
    return type === 2 ? tableWork : blockWork;
  }

  /** Reads the codes of a dynamic block (RFC 1951 §3.2.7). */
  #readTables(): void {
    const symbolCount = this.#bits(5) + 257;
    const distanceCount = this.#bits(5) + 1;
    const lengthCount = this.#bits(4) + 4;
    if (symbolCount > 286 || distanceCount > 30) return void this.#fail("too many codes");
    lengths.fill(0, 0, lengthOrder.length);
    for (let at = 0; at < lengthCount; at++) lengths[lengthOrder[at]!] = this.#bits(3);
    let usedCount = 0;
    for (let symbol = 0; symbol < lengthOrder.length; symbol++) {
      if (lengths[symbol] !== 0) used[usedCount++] = symbol;
    }
    if (lengthTable.build(lengths, used, 0, usedCount, 0) !== 0) {
      return void this.#fail("code lengths in an incomplete code");
    }
    usedCount = this.#readLengths(symbolCount + distanceCount);
    if (this.outcome !== undefined) return;
    let symbolsEnd = usedCount;
    while (symbolsEnd > 0 && used[symbolsEnd - 1]! >= symbolCount) symbolsEnd--;
    if (lengths[endOfBlock] === 0) return void this.#fail("block without an end");
    const symbols = this.#symbols;
    const symbolsLeft = symbols.build(lengths, used, 0, symbolsEnd, 0);
    if (symbolsLeft < 0 || (symbolsLeft > 0 && !symbols.trivial)) {
      return void this.#fail("incomplete code of symbols");
    }
    const distances = this.#distances;
    const distancesLeft = distances.build(lengths, used, symbolsEnd, usedCount, symbolCount);
    // §3.2.7: one distance code alone has one bit, and a block without any has none.
    if (distancesLeft < 0 || (distancesLeft > 0 && !distances.trivial)) {
      return void this.#fail("incomplete code of distances");
    }
    this.#symbolTable = symbols;
    this.#distanceTable = distances;
    this.#state = inCodes;
  }

  /** Reads `total` code lengths, which are run-length encoded: tells how many of them are not 0. */
  #readLengths(total: number): number {
    const { entries, mask } = lengthTable;
    let view = this.#view;
    let position = this.#position;
    let careAt = this.#careAt;
    let hold = this.#hold;
    let count = this.#count;
    let previous = -1;
    let usedCount = 0;
    lengths[endOfBlock] = 0;
    for (let at = 0; at < total; ) {
      if (position >= careAt) {
        this.#position = position;
        this.#count = count;
        if (!this.#inTail) {
          this.#enterTail();
          view = this.#view;
          position = 0;
          careAt = this.#careAt;
        } else if (this.#left < 0) {
          return this.#fail("cut off in the header of a block");
        }
      }
      if (count < 14) {
        hold |= view.getInt32(position, true) << count;
        position += (31 - count) >> 3;
        count |= 24;
      }
      const entry = entries[hold & mask]!;
      const symbol = entry >>> 4;
      let size = entry & 15;
      hold >>>= size;
      count -= size;
      if (symbol < 16) {
        previous = symbol;
        if (symbol !== 0) {
          lengths[at] = symbol;
          used[usedCount++] = at;
        }
        at++;
        continue;
      }
      if (symbol > 16) previous = 0;
      else if (previous < 0) return this.#fail("repeated code length without one before");
      size = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
      const end = at + (symbol === 18 ? 11 : 3) + (hold & ((1 << size) - 1));
      hold >>>= size;
      count -= size;
      if (end > total) return this.#fail("too many code lengths");
      if (previous === 0) {
        at = end;
        continue;
      }
      for (; at < end; at++) {
        lengths[at] = previous;
        used[usedCount++] = at;
      }
    }
    this.#position = position;
    this.#hold = hold | 0;
    this.#count = count;
    return usedCount;
  }

  /** Decodes symbols until `budget` bytes came of them, or the block ends. */
  #readCodes(budget: number): void {
    const symbolTable = this.#symbolTable;
    const symbols = symbolTable.entries;
    const symbolMask = symbolTable.mask;
    const distanceTable = this.#distanceTable;
    const distances = distanceTable.entries;
    const distanceMask = distanceTable.mask;
    const output = this.#room();
    const outputView = this.#outputView;
    const reach = this.#reach;
    let view = this.#view;
    let position = this.#position;
    let careAt = this.#careAt;
    let hold = this.#hold;
    let count = this.#count;
    let length = this.#length;
    const stopAt = Math.min(output.length - slack, length + budget);

    while (length < stopAt) {
      if (position >= careAt) {
        this.#position = position;
        this.#count = count;
        if (!this.#inTail) {
          this.#enterTail();
          view = this.#view;
          position = 0;
          careAt = this.#careAt;
        } else if (this.#left < 0) {
          break;
        }
      }
      if (count < maxBits) {
        hold |= view.getInt32(position, true) << count;
        position += (31 - count) >> 3;
        count |= 24;
      }
      let entry = symbols[hold & symbolMask]!;
      if (entry === 0) {
        entry = symbolTable.search(hold | 0);
        if (entry === 0) return void this.#fail("bits that are no code");
      }
      let used = entry & 15;
      hold >>>= used;
      count -= used;
      let symbol = entry >>> 4;
      if (symbol < 256) {
        output[length++] = symbol;
        // Most often there is another one, and its bits are there already.
        if (count < maxBits) continue;
        entry = symbols[hold & symbolMask]!;
        if (entry === 0 || entry > lastLiteral) continue;
        used = entry & 15;
        hold >>>= used;
        count -= used;
        output[length++] = entry >>> 4;
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
      hold >>>= used;
      count -= used;
      entry = distances[hold & distanceMask]!;
      if (entry === 0) {
        entry = distanceTable.search(hold | 0);
        if (entry === 0) return void this.#fail("bits that are no distance");
      }
      used = entry & 15;
      hold >>>= used;
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
      hold >>>= used;
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
    this.#position = position;
    this.#hold = hold | 0;
    this.#count = count;
    this.#length = length;
    if (this.#left < 0) this.#fail("cut off in a block");
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
    if (this.#due === 0) {
      this.#state = inHeader;
      return;
    }
    const output = this.#room();
    // Nothing was read ahead: the two lengths take more bits than are ever held.
    this.#hold = 0;
    if (this.#position === this.#input.length && !this.#inTail) this.#enterTail();
    const end = this.#inTail ? this.#careAt : this.#input.length;
    const size = Math.min(this.#due, budget, output.length - this.#length, end - this.#position);
    if (size <= 0) return void this.#fail("cut off in a stored block");
    output.set(this.#input.subarray(this.#position, this.#position + size), this.#length);
    this.#position += size;
    this.#length += size;
    this.#due -= size;
  }

  /** Bits that are left once the tail was entered; below 0 if more were used than there are. */
  get #left(): number {
    return this.#inTail ? (this.#careAt - this.#position) * 8 + this.#count : 1;
  }

  /** Takes up to 16 bits; 0 for what is missing. */
  #bits(size: number): number {
    this.#need(size);
    const value = this.#hold & ((1 << size) - 1);
    this.#hold = (this.#hold >>> size) | 0;
    this.#count -= size;
    return value;
  }

  #need(size: number): void {
    while (this.#count < size) {
      if (this.#position >= this.#careAt && !this.#inTail) this.#enterTail();
      this.#hold |= this.#input[this.#position++]! << this.#count;
      this.#count += 8;
    }
  }

  /** Goes over to a copy of the payload's last octets, with what the sender took off behind them. */
  #enterTail(): void {
    const copy = this.#tail;
    const rest = this.#input.subarray(this.#position);
    copy.fill(0);
    copy.set(rest);
    copy.set(tail, rest.length);
    this.#input = copy;
    this.#view = this.#tailView;
    this.#position = 0;
    this.#careAt = rest.length + tail.length;
    this.#inTail = true;
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
    const message = this.#output.subarray(0, this.#length);
    this.outcome = this.#output === this.#scratch ? Buffer.from(message) : message;
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
    this.#input = tail;
    this.#view = tailView;
    this.#output = this.#scratch;
    this.#outputView = this.#scratchView;
    this.#window = undefined;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
