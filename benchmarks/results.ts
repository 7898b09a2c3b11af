import type { Sample } from "./measure.ts";
import type { Machine } from "./machine.ts";
import type { Row } from "./row.ts";
import type { Spread } from "./statistics.ts";

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
  /** How long each rival's server worked in each round before it was measured, in milliseconds. */
  readonly warmUp: number;
  /** How long it worked while it was measured. */
  readonly duration: number;
  /** The load average before and after. */
  readonly load: readonly [number, number];
}

/** What came out of a row in one run. */
export interface RowResult {
  readonly row: string;
  readonly circumstances: Circumstances;
  readonly entrants: readonly Entrant[];
  readonly missing: readonly Missing[];
}

/** A row with what came out of it in some runs, the oldest one first. */
export interface MeasuredRow {
  readonly row: Row;
  readonly runs: readonly RowResult[];
}

/** One who was wanted and is not in a result, with the reason. */
export interface Missing {
  readonly name: string;
  readonly why: string;
}

/** What came out of a curve. */
export interface CurveResult {
  readonly curve: string;
  readonly circumstances: Circumstances;
  readonly missing: readonly Missing[];
  readonly lines: readonly Line[];
}

/** One rival's curve. */
export interface Line {
  readonly name: string;
  readonly version: string;
  readonly points: readonly { readonly x: number; readonly y: Spread }[];
  /** The exponent that fits the upper part best: 1 is a linear cost. Null for too few points. */
  readonly exponent: number | null;
}
