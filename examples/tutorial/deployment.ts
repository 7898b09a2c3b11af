import type { Clock } from "sluice";
import { script } from "./script.ts";

/** One line of a deployment's output; the first one has the number 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** Between two lines, in milliseconds: slow enough to watch, quick enough not to bore. */
const pace = 400;

/**
 * One simulated deployment. It goes on while somebody watches and waits while nobody does; what it
 * said stays known, however late somebody comes.
 */
export class Deployment {
  readonly #script: readonly Line[];
  readonly #say: (line: Line) => void;
  readonly #clock: Pick<Clock, "after">;
  #said = 0;
  #watchers = 0;
  #pause = (): void => {};

  constructor(taskId: string, say: (line: Line) => void, clock: Pick<Clock, "after">) {
    this.#script = script(taskId).map((text, index) => ({ number: index + 1, text }));
    this.#say = say;
    this.#clock = clock;
  }

  /** What was said so far. */
  get lines(): readonly Line[] {
    return this.#script.slice(0, this.#said);
  }

  /** Whether somebody watches. */
  get watched(): boolean {
    return this.#watchers > 0;
  }

  /** Counts one watcher more. The very first one hears the first line at once. */
  enter(): void {
    this.#watchers += 1;
    if (this.#watchers > 1) return;
    if (this.#said === 0) this.#step();
    else this.#goOn();
  }

  /** Counts one watcher less. With the last one the deployment stops where it is. */
  leave(): void {
    this.#watchers -= 1;
    if (!this.watched) this.#pause();
  }

  #step(): void {
    const line = this.#script[this.#said];
    if (line === undefined) return;
    // First among the known lines, then said: whoever joins in this moment gets it at least once.
    this.#said += 1;
    this.#say(line);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#said < this.#script.length) {
      this.#pause = this.#clock.after(pace, () => this.#step());
    }
  }
}
