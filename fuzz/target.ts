/** A piece of code under fuzzing, and what must hold for it whatever the input is. */
export interface Target {
  readonly name: string;
  /** What inputs begin as, before there is a corpus. */
  readonly seeds: readonly Uint8Array[];
  /** What chance would hardly write: names, values at the edges, whole structures. */
  readonly dictionary: readonly Uint8Array[];
  /**
   * Feeds an input to the code and checks what comes of it. The same input always leads to the same.
   *
   * @returns what it led to, in a word or two of few: an input that leads to something new is kept,
   * like one that reaches a new block.
   * @throws whatever it likes, if something does not hold
   */
  run(input: Uint8Array): string;
}
