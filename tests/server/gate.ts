/** A promise that the test fulfils when it wants to. */
export class Gate {
  readonly passed: Promise<void>;
  #open!: () => void;

  constructor() {
    this.passed = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Lets everybody through who waits, and who comes later. */
  open(): void {
    this.#open();
  }
}
