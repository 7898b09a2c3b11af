import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CurveResult, RowResult } from "./results.ts";

/** How many runs of a row are kept: a gate that holds in all of them did not hold by chance. */
const kept = 3;

/**
 * A folder with what was measured last: three runs of each row in `ROW.runs.json`, one of each curve
 * in `CURVE.json`, and files that were made of them.
 */
export class Archive {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Keeps a run of a row, and forgets the oldest one if there are more than three. */
  addRun(result: RowResult): void {
    this.#write(`${result.row}.runs.json`, [...this.runs(result.row), result].slice(-kept));
  }

  /** The runs of a row, the oldest one first. */
  runs(row: string): readonly RowResult[] {
    return (this.#read(`${row}.runs.json`) ?? []) as readonly RowResult[];
  }

  /** Keeps a curve, in place of what there was. */
  keepCurve(result: CurveResult): void {
    this.#write(`${result.curve}.json`, result);
  }

  /** What was measured of a curve; undefined when it was not. */
  curve(name: string): CurveResult | undefined {
    return this.#read(`${name}.json`) as CurveResult | undefined;
  }

  /** Keeps a file that was made of what was measured. */
  keepFile(name: string, content: string): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, name), content);
  }

  #write(name: string, value: unknown): void {
    this.keepFile(name, `${JSON.stringify(value, undefined, 1)}\n`);
  }

  #read(name: string): unknown {
    const file = join(this.folder, name);
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  }
}
