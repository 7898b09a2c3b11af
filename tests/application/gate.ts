/** A promise that somebody else settles, when the time has come. */
export class Gate {
  readonly passed: Promise<void>;
  open: () => void = () => {};
  refuse: (why: unknown) => void = () => {};

  constructor() {
    this.passed = new Promise((resolve, reject) => {
      this.open = resolve;
      this.refuse = reject;
    });
  }
}
