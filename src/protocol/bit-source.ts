import { tail } from "./deflate-symbols.ts";

/** What is read at most for one symbol, and ahead of it. */
const lookahead = 16;

/**
 * The bits of a payload, and then of the octets that its sender took off (RFC 7692 §7.2.2): they are
 * put behind a copy of the payload's last octets, so that the payload itself stays where it is.
 *
 * A loop that decodes works on copies of the public fields, and puts them back.
 */
export class BitSource {
  /** What is read now: the payload, or the end of it. */
  bytes: Buffer = tail;
  view: DataView = viewOf(tail);
  position = 0;
  /**
   * Up to here a symbol is read without looking. From here on it takes {@link enterTail}, and once that
   * was done, a look at {@link left}.
   */
  careAt = 0;
  inTail = false;
  /** Bits that were read and not used, the next one lowest; above `count` there may be more of them. */
  hold = 0;
  count = 0;
  readonly #tail: Buffer = Buffer.alloc(lookahead + tail.length + lookahead);
  readonly #tailView: DataView = viewOf(this.#tail);

  /** Begins a payload. */
  begin(payload: Buffer): void {
    this.bytes = payload;
    this.view = viewOf(payload);
    this.position = 0;
    this.careAt = payload.length - lookahead;
    this.inTail = false;
    this.hold = 0;
    this.count = 0;
  }

  /** Bits that are left once the tail was entered: below 0 if more were used than there are. */
  get left(): number {
    return this.inTail ? (this.careAt - this.position) * 8 + this.count : 1;
  }

  /** Takes up to 16 bits; what is missing at the end are zeros. */
  bits(size: number): number {
    while (this.count < size) {
      if (this.position >= this.careAt && !this.inTail) this.enterTail();
      this.hold |= this.bytes[this.position++]! << this.count;
      this.count += 8;
    }
    const value = this.hold & ((1 << size) - 1);
    this.hold = (this.hold >>> size) | 0;
    this.count -= size;
    return value;
  }

  /** Goes over to the copy of the payload's last octets, with what the sender took off behind them. */
  enterTail(): void {
    const copy = this.#tail;
    const { bytes } = this;
    let size = 0;
    for (let at = this.position; at < bytes.length; at++) copy[size++] = bytes[at]!;
    for (let at = 0; at < tail.length; at++) copy[size++] = tail[at]!;
    this.careAt = size;
    // Zeros, for what is read ahead.
    while (size < copy.length) copy[size++] = 0;
    this.bytes = copy;
    this.view = this.#tailView;
    this.position = 0;
    this.inTail = true;
  }

  /** Lets the payload go. */
  release(): void {
    this.bytes = this.#tail;
    this.view = this.#tailView;
  }
}

/** A view that reads and writes four bytes at a time. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
