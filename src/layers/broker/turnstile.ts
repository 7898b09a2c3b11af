/** Lets so many things happen at a time. The others wait for their turn, in their order. */
export class Turnstile {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #head = 0;
  #inside = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  /** Does something in its turn. */
  async pass<T>(act: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#most) this.#inside += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await act();
    } finally {
      this.#next();
    }
  }

  /** Whoever leaves lets the next one in. */
  #next(): void {
    const next = this.#waiting[this.#head];
    if (next === undefined) {
      this.#inside -= 1;
      return;
    }
    this.#head += 1;
    if (this.#head * 2 >= this.#waiting.length) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
    next();
  }
}
