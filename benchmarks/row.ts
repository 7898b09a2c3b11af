import type { App } from "./app.ts";
import type { Load } from "./load.ts";

/** What is compared: CPU time for each message, or what a connection holds. */
export type Figure = "cpu" | "rss" | "heap";

/** Who something is asked against: `ws` is the fastest form of it that is compared with in the row. */
export type Opponent = "ws" | "raw" | "django";

/** What sluice has to reach. */
export interface Gate {
  readonly figure: Figure;
  readonly against: Opponent;
  /** How many times as much the opponent needs, at least: for CPU time. */
  readonly atLeast?: number;
  /** How much sluice may need of what the opponent needs: for memory. */
  readonly atMost?: number;
  /** The same, as one would like it. */
  readonly target: number;
}

/** One row: an application, a load, and what is asked of sluice. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly app: App;
  readonly load: Load;
  /** Who `ws` is: with bufferutil from 1 KiB on. */
  readonly ws: "ws" | "ws+bufferutil";
  readonly gates: readonly Gate[];
}
