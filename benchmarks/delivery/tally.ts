/** What one client was shown: numbered messages, once each and in order if all is well. */
export class Tally {
  readonly #numbers = new Set<number>();
  #first = 0;
  #duplicates = 0;
  #disorders = 0;
  #last = -1;
  #heard: number | undefined;
  #silence = 0;
  #left: number | undefined;
  /** How long each reconnection took, in milliseconds. */
  readonly reconnects: number[] = [];
  /** How often it was told that something may be missing. */
  reloads = 0;

  /** From now on it counts, and what comes before this number does not. */
  begin(first: number): void {
    this.#first = first;
    this.#numbers.clear();
    this.#duplicates = 0;
    this.#disorders = 0;
  }

  /** It was shown a message. */
  show(number: number): void {
    if (number < this.#first) return;
    const now = performance.now();
    if (this.#heard !== undefined) this.#silence = Math.max(this.#silence, now - this.#heard);
    this.#heard = now;
    if (this.#numbers.has(number)) this.#duplicates += 1;
    else if (number < this.#last) this.#disorders += 1;
    this.#numbers.add(number);
    this.#last = Math.max(this.#last, number);
  }

  /** It has a connection. */
  connected(): void {
    if (this.#left !== undefined) this.reconnects.push(performance.now() - this.#left);
    this.#left = undefined;
  }

  /** It has lost its connection, and knows it. */
  disconnected(): void {
    this.#left ??= performance.now();
  }

  get shown(): number {
    return this.#numbers.size;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  get disorders(): number {
    return this.#disorders;
  }

  /** The longest time between two messages, in milliseconds. */
  get silence(): number {
    return this.#silence;
  }
}
