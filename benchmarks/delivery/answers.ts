/** Questions that wait for their answers, by number. */
export class Answers {
  readonly #waiting = new Map<number, () => void>();
  #last = 0;

  /** A number for a question, and what resolves once it was answered. */
  expect(): { readonly id: number; readonly answered: Promise<void> } {
    const id = ++this.#last;
    return { id, answered: new Promise((resolve) => this.#waiting.set(id, resolve)) };
  }

  settle(id: number): void {
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
  }
}
