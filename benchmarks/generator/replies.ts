import type { Inflation } from "./inflation.ts";

/** Reads what comes on one connection, and counts messages. */
export interface ReplyReader {
  /** Takes the first `length` bytes of a buffer; returns how many messages ended in them. */
  read(buffer: Buffer, length: number): number;
  /** The payload of a ping that came, until it is answered (RFC 6455 §5.5.2). */
  ping: Buffer | undefined;
}

/** The most that is read at once. */
export const readSize: number = 256 * 1024;

const nothing = Buffer.alloc(0);

/**
 * Replies of which every byte is known: they are compared, which is quicker than to look into them.
 * All of them have one size and come in the order of a ring.
 */
export class KnownReplies implements ReplyReader {
  ping: Buffer | undefined;
  readonly #ring: Buffer;
  readonly #round: number;
  readonly #size: number;
  #place = 0;
  #partial = 0;
  /** The beginning of a control frame whose rest has not come. */
  #early: Buffer = nothing;

  /** Takes one ring for all connections: see {@link knownRing}. */
  constructor(ring: Buffer, round: number, size: number) {
    this.#ring = ring;
    this.#round = round;
    this.#size = size;
  }

  read(buffer: Buffer, length: number): number {
    if (this.#early.length === 0 && this.#isKnown(buffer, 0, length)) return this.#take(length);
    return this.#readAround(Buffer.concat([this.#early, buffer.subarray(0, length)]));
  }

  /** Reads replies that may have pings between them, which is rare. */
  #readAround(bytes: Buffer): number {
    this.#early = nothing;
    let messages = 0;
    let at = 0;
    while (at < bytes.length) {
      if (this.#partial === 0 && ((bytes[at] as number) & 0x0f) === 9) {
        // A control frame has at most 125 bytes: its header is two (RFC 6455 §5.5).
        const end = at + 2 + (bytes[at + 1] ?? 0);
        if (bytes.length < at + 2 || bytes.length < end) {
          this.#early = Buffer.from(bytes.subarray(at));
          return messages;
        }
        this.ping = Buffer.from(bytes.subarray(at + 2, end));
        at = end;
        continue;
      }
      const length = Math.min(this.#size - this.#partial, bytes.length - at);
      if (!this.#isKnown(bytes, at, at + length)) {
        throw new Error(`the reply is not what was sent, near byte ${this.#place} of the ring`);
      }
      messages += this.#take(length);
      at += length;
    }
    return messages;
  }

  #isKnown(bytes: Buffer, start: number, end: number): boolean {
    const place = this.#place;
    return this.#ring.compare(bytes, start, end, place, place + end - start) === 0;
  }

  #take(length: number): number {
    this.#place = (this.#place + length) % this.#round;
    const bytes = this.#partial + length;
    const messages = Math.floor(bytes / this.#size);
    this.#partial = bytes - messages * this.#size;
    return messages;
  }
}

/** A ring of replies, as often behind itself as the longest read needs. */
export function knownRing(replies: readonly Buffer[]): Buffer {
  const round = Buffer.concat(replies);
  const rounds = Math.ceil(readSize / round.length) + 1;
  return Buffer.concat(new Array<Buffer>(rounds).fill(round));
}

/** What frames have to be like, and where they are counted. */
export interface FrameRule {
  /** Whether every message has to be compressed (RFC 7692 §6). */
  readonly compressed: boolean;
  /** Bytes of the message before any compression: checked where there is none. */
  readonly size: number;
}

/** Replies whose headers alone are read (RFC 6455 §5.2), since what they carry may come in any order. */
export class CountedReplies implements ReplyReader {
  ping: Buffer | undefined;
  /** Bytes of all frames so far. */
  bytes = 0;
  readonly #rule: FrameRule;
  readonly #witness: Witness | undefined;
  readonly #head: Buffer = Buffer.alloc(10);
  #headSize = 0;
  #payload = 0;
  #left = 0;
  #final = false;
  #continued = false;
  /** The parts of a ping that is being read. */
  #control: Buffer[] | undefined;

  /** A `witness` looks at what is in the messages. */
  constructor(rule: FrameRule, witness?: Witness) {
    this.#rule = rule;
    this.#witness = witness;
  }

  read(buffer: Buffer, length: number): number {
    this.bytes += length;
    let messages = 0;
    let at = 0;
    while (at < length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, length - at);
        if (this.#control === undefined) this.#witness?.bytes(buffer, at, at + taken);
        else this.#control.push(Buffer.from(buffer.subarray(at, at + taken)));
        at += taken;
        this.#left -= taken;
      } else {
        at = this.#readHead(buffer, at, length);
        if (this.#headSize > 0) return messages;
      }
      if (this.#left > 0) continue;
      if (this.#control !== undefined) {
        this.ping = Buffer.concat(this.#control);
        this.#control = undefined;
        continue;
      }
      this.#continued = !this.#final;
      if (!this.#final) continue;
      this.#witness?.message();
      messages += 1;
    }
    return messages;
  }

  /** Reads a header, as far as it is there; `#headSize` is above 0 when there is more to come. */
  #readHead(buffer: Buffer, at: number, length: number): number {
    let head = buffer;
    let start = at;
    let end = at;
    if (this.#headSize > 0 || length - at < 10) {
      // It may go on in the next chunk, so it is put together.
      head = this.#head;
      start = 0;
      while (this.#headSize < 2 || this.#headSize < headSize(head, 0)) {
        if (end === length) return end;
        head[this.#headSize++] = buffer[end++] as number;
      }
      this.#headSize = 0;
    } else {
      end = at + headSize(buffer, at);
    }
    this.#begin(head, start);
    return end;
  }

  #begin(head: Buffer, at: number): void {
    const first = head[at] as number;
    const opcode = first & 0x0f;
    const compressed = (first & 0x40) !== 0;
    if (opcode === 9) {
      this.#control = [];
      this.#left = payloadSize(head, at);
      return;
    }
    if (opcode > 2) throw new Error(`a frame with opcode ${opcode} came among the replies`);
    if ((opcode === 0) !== this.#continued) throw new Error("a fragment came out of order");
    if (opcode !== 0 && compressed !== this.#rule.compressed) {
      throw new Error(compressed ? "a reply is compressed" : "a reply is not compressed");
    }
    if (opcode !== 0) this.#payload = 0;
    this.#final = (first & 0x80) !== 0;
    this.#left = payloadSize(head, at);
    this.#payload += this.#left;
    if (this.#final && !this.#rule.compressed && this.#payload !== this.#rule.size) {
      throw new Error(`a reply has ${this.#payload} bytes, not ${this.#rule.size}`);
    }
  }
}

function headSize(head: Buffer, at: number): number {
  const length = (head[at + 1] as number) & 0x7f;
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}

function payloadSize(head: Buffer, at: number): number {
  const length = head[at + 1] as number;
  if (length < 126) return length;
  if (length === 126) return head.readUInt16BE(at + 2);
  if (length === 127) return Number(head.readBigUInt64BE(at + 2));
  throw new Error("a server's frame is masked");
}

/** Looks at every byte of what one connection gets: each message has to be one that was sent. */
export class Witness {
  readonly #wanted: readonly Buffer[];
  readonly #sent: (() => number) | undefined;
  readonly #inflation: Inflation | undefined;
  readonly #parts: Buffer[] = [];
  readonly #seen: number[];
  #count = 0;

  /**
   * The messages go round as they are `wanted`. Where they may come in any order, `sent` says how many of
   * them were sent so far: none may come more often than that.
   */
  constructor(wanted: readonly Buffer[], sent?: () => number, inflation?: Inflation) {
    this.#wanted = wanted;
    this.#sent = sent;
    this.#inflation = inflation;
    this.#seen = wanted.map(() => 0);
  }

  /** Takes a part of a payload. */
  bytes(buffer: Buffer, start: number, end: number): void {
    // A copy: the buffer is read into again.
    this.#parts.push(Buffer.from(buffer.subarray(start, end)));
  }

  /** The parts were a message. */
  message(): void {
    const payload = Buffer.concat(this.#parts.splice(0));
    const message = this.#inflation?.message(payload) ?? payload;
    const place =
      this.#sent === undefined
        ? this.#count % this.#wanted.length
        : this.#wanted.findIndex((wanted) => wanted.equals(message));
    if (this.#wanted[place]?.equals(message) !== true) {
      throw new Error(`reply ${this.#count} is not a message that was sent`);
    }
    this.#count += 1;
    const seen = (this.#seen[place] ?? 0) + 1;
    this.#seen[place] = seen;
    if (this.#sent === undefined) return;
    // Which of them are missing is not known: one may be long on its way while others go round.
    const rounds = Math.ceil((this.#sent() - place) / this.#wanted.length);
    if (seen > rounds) throw new Error("a message came more often than it was sent");
  }
}
