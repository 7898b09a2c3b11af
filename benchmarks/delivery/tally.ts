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
  /** What lies between these numbers it was told that it may miss. */
  #told: (readonly [after: number, before: number])[] = [];
  /** The last number before it was told so, until it is shown another one. */
  #toldAfter: number | undefined;
  /** How long each reconnection took, in milliseconds. */
  readonly reconnects: number[] = [];
  #reloads = 0;

  /** From now on it counts, and what comes before this number does not. */
  begin(first: number): void {
    this.#first = first;
    this.#numbers.clear();
    this.#told = [];
    this.#duplicates = 0;
    this.#disorders = 0;
    this.#heard = undefined;
    this.#silence = 0;
  }

  /** It was shown a message. */
  show(number: number): void {
    if (this.#toldAfter !== undefined) this.#told.push([this.#toldAfter, number]);
    this.#toldAfter = undefined;
    const isNew = number > this.#last;
    this.#last = Math.max(this.#last, number);
    if (number < this.#first) return;
    const now = performance.now();
    if (this.#heard !== undefined) this.#silence = Math.max(this.#silence, now - this.#heard);
    this.#heard = now;
    if (this.#numbers.has(number)) this.#duplicates += 1;
    else if (!isNew) this.#disorders += 1;
    this.#numbers.add(number);
  }

  /** It was told that something may be missing between what it was shown and what comes now. */
  reload(): void {
    this.#reloads += 1;
    this.#toldAfter ??= this.#last;
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

  has(number: number): boolean {
    return this.#numbers.has(number);
  }

  /** Whether it was told that it may miss this number. */
  wasTold(number: number): boolean {
    if (this.#toldAfter !== undefined && number > this.#toldAfter) return true;
    return this.#told.some(([after, before]) => after < number && number < before);
  }

  /** The highest number that it was shown. */
  get last(): number {
    return this.#last;
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

  /** How often it was told that something may be missing. */
  get reloads(): number {
    return this.#reloads;
  }

  /** The longest time between two messages, in milliseconds. */
  get silence(): number {
    return this.#silence;
  }
}
