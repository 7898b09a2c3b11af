import { isUtf8 } from "node:buffer";

/** Below this many bytes a step for each is quicker than a call into the runtime. */
const bulkPays = 24;

/**
 * Validates UTF-8 that arrives in pieces (RFC 6455 §8.1, RFC 3629) and fails at the first octet that
 * cannot be right, not at the end of the message.
 */
export class Utf8Validator {
  /** How many continuation octets are still due. */
  #due = 0;
  /** The range of the next one: it is narrower after E0, ED, F0 and F4. */
  #low = 0x80;
  #high = 0xbf;

  /** Takes `bytes[start, end)`; false if they cannot continue what came before. */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    let position = start;
    while (this.#due > 0 && position < end) {
      if (!this.#step(bytes[position++]!)) return false;
    }
    if (end - position >= bulkPays) {
      const whole = wholeSequences(bytes, end);
      if (!isUtf8(bytes.subarray(position, whole))) return false;
      position = whole;
    }
    while (position < end) {
      if (!this.#step(bytes[position++]!)) return false;
    }
    return true;
  }

  /** Whether the text may end here; starts over. */
  end(): boolean {
    const complete = this.#due === 0;
    this.#due = 0;
    this.#low = 0x80;
    this.#high = 0xbf;
    return complete;
  }

  #step(octet: number): boolean {
    if (this.#due > 0) {
      if (octet < this.#low || octet > this.#high) return false;
      this.#due--;
      this.#low = 0x80;
      this.#high = 0xbf;
      return true;
    }
    if (octet < 0x80) return true;
    if (octet < 0xc2 || octet > 0xf4) return false;
    if (octet < 0xe0) {
      this.#due = 1;
    } else if (octet < 0xf0) {
      this.#due = 2;
      if (octet === 0xe0) this.#low = 0xa0;
      if (octet === 0xed) this.#high = 0x9f;
    } else {
      this.#due = 3;
      if (octet === 0xf0) this.#low = 0x90;
      if (octet === 0xf4) this.#high = 0x8f;
    }
    return true;
  }
}

/** Where the last sequence begins that may go on after `end`, or `end` if none does. */
function wholeSequences(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3; back++) {
    const octet = bytes[end - back]!;
    if (octet < 0x80) return end;
    if (octet >= 0xc0) {
      const length = octet >= 0xf0 ? 4 : octet >= 0xe0 ? 3 : 2;
      return length > back ? end - back : end;
    }
  }
  return end;
}
