import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Archive } from "../archive.ts";
import type { Curve } from "../curves.ts";
import { filled } from "../documentation.ts";
import { files, type Measured, regions } from "../report/page.ts";
import { rows } from "../rows.ts";
import { say } from "../say.ts";

/** `--write-docs`: puts what was measured into the documentation; returns the exit code. */
export function writeDocs(checkout: string, results: string, lines: readonly Curve[]): number {
  const archive = new Archive(results);
  const others = new Archive(join(results, "rivals"));
  const measured: Measured = {
    rows: rows.map((row) => ({ row, runs: archive.runs(row.name) })),
    rivals: rows.flatMap((row) =>
      others
        .runs(row.name)
        .slice(-1)
        .map((run) => [row, run] as const),
    ),
    curves: lines.flatMap((curve) => {
      const result = archive.curve(curve.name);
      return result === undefined ? [] : [[curve, result] as const];
    }),
  };
  const page = join(checkout, "docs/topics/performance.md");
  writeFileSync(page, filled(readFileSync(page, "utf8"), regions(measured)));
  const folder = new Archive(join(checkout, "docs/topics/performance"));
  for (const [name, content] of files(measured)) folder.keepFile(name, content);
  for (const { row, runs } of measured.rows) say(`${row.name}: ${runs.length} runs`);
  say(`${measured.curves.length} curves; all of it is in ${page}`);
  return 0;
}
