import type { BlockCoverage } from "./block-coverage.ts";
import { Mutator } from "./mutator.ts";
import { Random } from "./random.ts";
import { shrink } from "./shrink.ts";
import type { Target } from "./target.ts";

/** The largest input. */
const maxSize = 1024;
/** Asking for coverage takes as long as many inputs, so it is asked for them together. */
const batchSize = 256;
/** More inputs than this are minimised. */
const maxInputs = 400;

/** An input for which something does not hold, and what the target says about it. */
export interface Finding {
  readonly input: Uint8Array;
  readonly error: unknown;
}

/**
 * Looks for an input that a target does not hold for. It changes inputs that it knows and keeps
 * those that reach a block, or lead to something, that none did before.
 */
export class Fuzzer {
  readonly #target: Target;
  readonly #coverage: BlockCoverage;
  readonly #random: Random;
  readonly #mutator: Mutator;
  #corpus: Uint8Array[] = [];
  #outcomes = new Set<string>();
  #executions = 0;

  constructor(target: Target, coverage: BlockCoverage, seed: number) {
    this.#target = target;
    this.#coverage = coverage;
    this.#random = new Random(seed);
    this.#mutator = new Mutator(this.#random, target.dictionary, maxSize);
    coverage.forget();
  }

  /** The inputs that are worth keeping: none of them reaches only what the others do. */
  get corpus(): readonly Uint8Array[] {
    return this.#corpus;
  }

  get executions(): number {
    return this.#executions;
  }

  /** How many blocks were reached. */
  get blocks(): number {
    return this.#coverage.blocks;
  }

  /** How many different things inputs led to. */
  get outcomes(): number {
    return this.#outcomes.size;
  }

  /** Begins with these inputs; returns the first that does not hold, as small as it gets. */
  load(inputs: readonly Uint8Array[]): Finding | undefined {
    for (const input of inputs) {
      const finding = this.#learn([input]);
      if (finding !== undefined) return finding;
    }
    return undefined;
  }

  /** Tries some hundred new inputs; returns the first that does not hold, as small as it gets. */
  step(): Finding | undefined {
    const batch = Array.from({ length: batchSize }, () =>
      this.#mutator.mutate(this.#parent(), this.#parent()),
    );
    const finding = this.#learn(batch);
    if (this.#corpus.length > maxInputs) this.minimise();
    return finding;
  }

  /**
   * Keeps no more inputs than are needed to reach everything that is reached, the shortest first, and
   * of each no more octets.
   */
  minimise(): void {
    const inputs = this.#corpus.sort((a, b) => a.length - b.length);
    this.#corpus = [];
    this.#outcomes.clear();
    this.#coverage.forget();
    for (const input of inputs) {
      const { outcome, novelty } = this.#look(input);
      if (novelty === 0 && this.#outcomes.has(outcome)) continue;
      const smallest = shrink(input, 60, (candidate) => {
        const other = this.#look(candidate);
        return other.outcome === outcome && other.novelty >= novelty;
      });
      this.#learn([smallest]);
      // What the smallest one reaches may be as much and not the same.
      this.#learn([input]);
    }
  }

  /** What one input leads to, and how much of what it reaches is new. */
  #look(input: Uint8Array): { outcome: string; novelty: number } {
    const outcome = this.#target.run(input);
    return { outcome, novelty: this.#coverage.novelty(this.#coverage.take()) };
  }

  /**
   * Runs inputs and keeps those that are worth it. They are asked about together, and in halves as
   * long as something about them is new.
   */
  #learn(inputs: readonly Uint8Array[]): Finding | undefined {
    const outcomes = new Set<string>();
    for (const input of inputs) {
      this.#executions++;
      try {
        outcomes.add(this.#target.run(input));
      } catch (error) {
        return this.#shrunk({ input, error });
      }
    }
    const taken = this.#coverage.take();
    const unknown = [...outcomes].some((outcome) => !this.#outcomes.has(outcome));
    if (!unknown && this.#coverage.novelty(taken) === 0) return undefined;
    if (inputs.length > 1) {
      const middle = inputs.length >> 1;
      return this.#learn(inputs.slice(0, middle)) ?? this.#learn(inputs.slice(middle));
    }
    this.#coverage.add(taken);
    for (const outcome of outcomes) this.#outcomes.add(outcome);
    this.#corpus.push(...inputs.map((input) => Uint8Array.from(input)));
    return undefined;
  }

  /** One to change; as often one of the latest as any other, since they lead to new ground. */
  #parent(): Uint8Array {
    const count = this.#corpus.length;
    if (count === 0) return new Uint8Array();
    const among = this.#random.below(2) === 0 ? count : Math.min(count, 16);
    return this.#corpus[count - 1 - this.#random.below(among)]!;
  }

  #shrunk(finding: Finding): Finding {
    let { error } = finding;
    const input = shrink(finding.input, 1000, (candidate) => {
      try {
        this.#target.run(candidate);
        return false;
      } catch (thrown) {
        error = thrown;
        return true;
      }
    });
    return { input, error };
  }
}
