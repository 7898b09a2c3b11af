import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CurveResult, RowResult } from "./results.ts";

/** The folder in which what was measured last lies: for each row and curve a JSON file and a chart. */
export class Archive {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Keeps what came out, in place of what was there. */
  keep(name: string, result: RowResult | CurveResult, chart: string): void {
    this.keepFile(`${name}.json`, `${JSON.stringify(result, undefined, 1)}\n`);
    this.keepFile(`${name}.svg`, chart);
  }

  /** Keeps one file. */
  keepFile(name: string, content: string): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, name), content);
  }

  /** What was measured of a row; undefined when it was not. */
  row(name: string): RowResult | undefined {
    return this.#read(name) as RowResult | undefined;
  }

  /** What was measured of a curve; undefined when it was not. */
  curve(name: string): CurveResult | undefined {
    return this.#read(name) as CurveResult | undefined;
  }

  #read(name: string): unknown {
    const file = join(this.folder, `${name}.json`);
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  }
}
