import { frameParts } from "./frame-parts.js";
import { joined } from "./octets.js";

const decoder = new TextDecoder("latin1");

/**
 * One direction of a connection: first the lines of its handshake, then frames. `on.head(lines)` is
 * called once and `on.frame(parts)` for each frame.
 */
export class OctetStream {
  #on;
  #rest = new Uint8Array(0);
  #count = 0;
  #isOpen = false;

  constructor(on) {
    this.#on = on;
  }

  /** Takes octets of which so many came before; after a hole it understands nothing more. */
  push(offset, octets) {
    if (offset !== this.#count) return;
    this.#count += octets.length;
    this.#rest = joined(this.#rest, octets);
    if (!this.#isOpen) this.#readHead();
    if (this.#isOpen) this.#readFrames();
  }

  #readHead() {
    const text = decoder.decode(this.#rest);
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.#isOpen = true;
    this.#rest = this.#rest.slice(end + 4);
    this.#on.head(text.slice(0, end).split("\r\n"));
  }

  #readFrames() {
    for (;;) {
      const parts = frameParts(this.#rest);
      if (parts === undefined) return;
      this.#rest = this.#rest.slice(parts.end);
      this.#on.frame(parts);
    }
  }
}
