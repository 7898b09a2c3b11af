import { headerSize, maxHeaderSize, newMaskingKey, writeHeader } from "../protocol/frame.ts";
import { mask } from "../protocol/mask.ts";
import { Opcode, type Role } from "../protocol/opcode.ts";

/** The one whose bytes are in the slab. */
export interface SlabOwner {
  /** Writes bytes; see Transport.write for what it returns. */
  write(bytes: Buffer): boolean;
}

const slabSize = 256 * 1024;

/** Messages that may take more than this are written on their own. */
const largest = 64 * 1024;

/** What is collected before it is written, even if more answers may follow. */
const enough = 64 * 1024;

/** Looked up once: on a Buffer that takes as long as copying a short message. */
const { set } = Uint8Array.prototype;

/**
 * Where direct answers are framed: all that one connection answers to one read leaves in one write.
 *
 * There is one for all connections. It holds the bytes of one of them at a time, and its memory is
 * used again as soon as the kernel has taken them; what a slow transport keeps stays untouched.
 */
export class Slab {
  #bytes: Buffer = Buffer.allocUnsafeSlow(slabSize);
  #start = 0;
  #end = 0;
  #owner: SlabOwner | undefined;

  /** Whose bytes are in it, if any are. */
  get owner(): SlabOwner | undefined {
    return this.#owner;
  }

  /** Bytes that are in it. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Frames a text; false if it is too large for the slab. */
  text(owner: SlabOwner, text: string, role: Role): boolean {
    const worst = maxHeaderSize + text.length * 3;
    if (worst > largest) return false;
    this.#reserve(owner, worst);
    const bytes = this.#bytes;
    const start = this.#end;
    // Most text is ASCII: the header is as long as the number of characters says, or it moves.
    const guessed = headerSize(text.length, role);
    const length = bytes.write(text, start + guessed);
    const size = headerSize(length, role);
    if (size !== guessed) {
      bytes.copyWithin(start + size, start + guessed, start + guessed + length);
    }
    this.#finish(Opcode.text, start + size, length, role);
    return true;
  }

  /** Frames a binary message; false if it is too large for the slab. */
  binary(owner: SlabOwner, message: Uint8Array, role: Role): boolean {
    const worst = maxHeaderSize + message.length;
    if (worst > largest) return false;
    this.#reserve(owner, worst);
    const payload = this.#end + headerSize(message.length, role);
    set.call(this.#bytes, message, payload);
    this.#finish(Opcode.binary, payload, message.length, role);
    return true;
  }

  /** Takes bytes that are frames already; false if they are too large for the slab. */
  frames(owner: SlabOwner, frames: Buffer): boolean {
    if (frames.length > largest) return false;
    this.#reserve(owner, frames.length);
    set.call(this.#bytes, frames, this.#end);
    this.#end += frames.length;
    return true;
  }

  /** Writes what is in it. */
  flush(): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    this.#owner = undefined;
    const { length } = this.#bytes;
    const taken = owner.write(this.#bytes.subarray(this.#start, this.#end));
    if (taken) this.#end = this.#start;
    else this.#start = this.#end;
    if (length - this.#start < enough + largest) {
      this.#bytes = Buffer.allocUnsafeSlow(slabSize);
      this.#start = 0;
      this.#end = 0;
    }
  }

  #reserve(owner: SlabOwner, size: number): void {
    if (this.#owner !== undefined && this.#owner !== owner) this.flush();
    else if (this.#end - this.#start > enough - size) this.flush();
    this.#owner = owner;
  }

  /** Writes the header before a payload that is in place, and masks it if we are a client. */
  #finish(opcode: number, payload: number, length: number, role: Role): void {
    const bytes = this.#bytes;
    const key = role === "client" ? newMaskingKey() : undefined;
    writeHeader(bytes, this.#end, opcode, 0, length, key);
    this.#end = payload + length;
    if (key !== undefined) mask(bytes, payload, this.#end, key, 0);
  }
}
