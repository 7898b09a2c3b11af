import type { Sample } from "./measure.ts";
import type { Machine } from "./machine.ts";

/** One who took part in a row, with what he did in each round. */
export interface Entrant {
  readonly name: string;
  readonly version: string;
  readonly samples: readonly Sample[];
}

/** How something was measured. */
export interface Circumstances {
  /** When, as ISO 8601 has it. */
  readonly date: string;
  readonly machine: Machine;
  /** Whether server and generator had a core each. */
  readonly pinned: boolean;
  readonly rounds: number;
  /** How long each rival was measured in each round, in milliseconds. */
  readonly duration: number;
  /** The load average before and after. */
  readonly load: readonly [number, number];
  /** Whether it was only a look. */
  readonly quick: boolean;
}

/** What came out of a row. */
export interface RowResult {
  readonly row: string;
  readonly circumstances: Circumstances;
  readonly entrants: readonly Entrant[];
  /** Who was wanted and is not installed. */
  readonly missing: readonly string[];
}
