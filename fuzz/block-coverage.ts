import { Session } from "node:inspector";

/** What one function was seen to be made of, and what of it ran. */
interface Seen {
  /** One for each character of its source: 1 where it ran. */
  readonly ran: Uint8Array;
  /** Where its blocks begin, as far as one knows. */
  readonly begins: Set<number>;
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

/**
 * Which blocks of the scripts of `protocol/` ran, told by the engine itself: precise coverage of
 * blocks that ran or did not, without counts.
 *
 * There is one for the whole process, made before anything of `protocol/` runs: of functions that ran
 * before, the engine cannot tell the blocks.
 */
export class BlockCoverage {
  readonly #session = new Session();
  #functions = new Map<string, Seen>();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: false, detailed: true });
  }

  /** How many blocks ran since {@link forget}. It is as fine as what was seen to run apart. */
  get blocks(): number {
    let count = 0;
    for (const { ran, begins } of this.#functions.values()) {
      for (const begin of begins) if (ran[begin] === 1) count++;
    }
    return count;
  }

  /** Which scripts ran since the last time that one asked. */
  take(): readonly Script[] {
    let scripts: readonly Script[] = [];
    this.#session.post("Profiler.takePreciseCoverage", (error, coverage) => {
      if (error !== null) throw error;
      scripts = coverage.result.filter(({ url }) =>
        /\/(src|dist)\/protocol\/[\w-]+\.[jt]s/.test(url),
      );
    });
    return scripts;
  }

  /** How much ran that did not run before, in characters of source; 0 if nothing is new. */
  novelty(taken: readonly Script[]): number {
    let count = 0;
    this.#walk(taken, (seen, ran) => {
      for (let at = 0; at < ran.length; at++) if (ran[at] === 1 && seen.ran[at] === 0) count++;
    });
    return count;
  }

  /** Remembers what ran. */
  add(taken: readonly Script[]): void {
    this.#walk(taken, (seen, ran, begins) => {
      for (const begin of begins) seen.begins.add(begin);
      for (let at = 0; at < ran.length; at++) {
        if (ran[at] === 1) seen.ran[at] = 1;
      }
    });
  }

  /** Starts over. */
  forget(): void {
    this.take();
    this.#functions = new Map();
  }

  /** Stops measuring, which makes the process quicker again. */
  stop(): void {
    this.#session.post("Profiler.stopPreciseCoverage");
    this.#session.disconnect();
  }

  /** Visits every function that ran. */
  #walk(
    taken: readonly Script[],
    visit: (seen: Seen, ran: Uint8Array, begins: readonly number[]) => void,
  ): void {
    for (const { url, functions } of taken) {
      for (const { ranges } of functions) {
        const [{ startOffset: start, endOffset: end, count } = noRange] = ranges;
        if (count === 0) continue;
        const key = `${url}:${start}:${end}`;
        let seen = this.#functions.get(key);
        if (seen === undefined) {
          seen = { ran: new Uint8Array(end - start), begins: new Set([0]) };
          this.#functions.set(key, seen);
        }
        // Ranges come from the outside in: each one says otherwise about a part of the one before.
        const ran = new Uint8Array(end - start);
        const begins: number[] = [];
        for (const range of ranges) {
          ran.fill(range.count === 0 ? 0 : 1, range.startOffset - start, range.endOffset - start);
          begins.push(range.startOffset - start, range.endOffset - start);
        }
        visit(seen, ran, begins);
      }
    }
  }
}

const noRange: Range = { startOffset: 0, endOffset: 0, count: 0 };
