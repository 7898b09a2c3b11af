/** What a window allocates first. */
const smallest = 1024;

const nothing = new Uint8Array(0);

/**
 * The end of what a peer sent, up to `size` bytes, for messages that look back into those before
 * them (RFC 1951 §2, RFC 7692 §7.1.1). A ring; its memory follows what was really sent.
 */
export class SlidingWindow {
  /** How far back a message may look: a power of 2. */
  readonly size: number;
  #bytes: Uint8Array = nothing;
  /** Where the next byte goes. Until the ring is as large as `size`, that is also its length. */
  #end = 0;
  #length = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** How many bytes there are to look back at. */
  get length(): number {
    return this.#length;
  }

  /** Adds a message; what is too long ago is forgotten. */
  append(message: Uint8Array): void {
    const { size } = this;
    const kept = message.length > size ? message.subarray(message.length - size) : message;
    this.#grow(Math.min(size, this.#length + kept.length));
    const first = Math.min(kept.length, this.#bytes.length - this.#end);
    this.#bytes.set(first < kept.length ? kept.subarray(0, first) : kept, this.#end);
    if (first < kept.length) this.#bytes.set(kept.subarray(first), 0);
    this.#end = (this.#end + kept.length) & (size - 1);
    this.#length = Math.min(size, this.#length + kept.length);
  }

  /**
   * Copies `length` bytes to `target[at, …)`, beginning `back` bytes before the window's end. Where the
   * window ends, `target` itself goes on: its beginning is what follows the window.
   */
  copy(target: Uint8Array, at: number, back: number, length: number): void {
    const bytes = this.#bytes;
    const mask = this.size - 1;
    const end = at + length;
    const turn = at + Math.min(back, length);
    let from = this.#end - back;
    let to = at;
    while (to < turn) target[to++] = bytes[from++ & mask]!;
    from = 0;
    while (to < end) target[to++] = target[from++]!;
  }

  #grow(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const doubled = Math.max(needed, this.#bytes.length * 2, smallest);
    const bytes = new Uint8Array(Math.min(doubled, this.size));
    // A ring that is smaller than `size` never went round.
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}
