import type { Curve } from "../curves.ts";
import type { Circumstances, CurveResult, MeasuredRow, RowResult } from "../results.ts";
import type { Row } from "../row.ts";
import { standing, summary } from "../standing.ts";
import { digits, grouped, table } from "../table.ts";
import { curveChartOf, gateChart } from "./charts.ts";
import { gateTable } from "./gate-table.ts";
import { remarks } from "./remarks.ts";
import { type RivalRun, rivalTable, winners } from "./rival-table.ts";
import { rowTable } from "./row-table.ts";

/** What was measured, and is to be written about. */
export interface Measured {
  /** The rows with what the gates name. */
  readonly rows: readonly MeasuredRow[];
  /** The rows as they were measured with others. */
  readonly rivals: readonly RivalRun[];
  readonly curves: readonly (readonly [Curve, CurveResult])[];
}

/** Where the charts of the page are, as it sees them. */
const charts = "performance";

/** The marked regions of the page, with what belongs into them. */
export function regions({ rows, rivals, curves }: Measured): Readonly<Record<string, string>> {
  const standings = rows.map(standing);
  const results = [
    ...rows.flatMap(({ runs }) => runs),
    ...[...rivals, ...curves].map(([, result]) => result),
  ];
  return {
    machine: machines(results.map(({ circumstances }) => circumstances)),
    ratios: `![How many times as much ws needs](${charts}/ratios.svg)`,
    gates: [summary(standings), gateTable(standings)].join("\n\n"),
    rows: rows.flatMap(rowSection).join("\n\n"),
    rivals: rivalSection(rivals),
    curves: curves.map(curveSection).join("\n\n"),
  };
}

/** The files beside the page, by name: the charts that it shows, and how all gates stand. */
export function files({ rows, curves }: Measured): ReadonlyMap<string, string> {
  return new Map([
    ["gates.json", `${JSON.stringify(rows.map(standing), undefined, 1)}\n`],
    ["ratios.svg", gateChart(rows)],
    ...curves.map(([curve, result]) => [`${curve.name}.svg`, curveChartOf(curve, result)] as const),
  ]);
}

/** The newest run of a row. */
function rowSection({ row, runs }: MeasuredRow): string[] {
  const result = runs.at(-1);
  if (result === undefined) return [];
  return [
    `### ${capitalized(row.title)}`,
    rowTable(row, result),
    [
      `\`npm run bench -- ${row.name}\`, run ${runs.length} of ${runs.length}: ${how([result.circumstances])}`,
      `${versions([[row, result]])}.`,
      ...remarks(result),
    ].join("\n"),
  ];
}

function rivalSection(runs: readonly RivalRun[]): string {
  if (runs.length === 0) return "Nobody else was measured yet: `npm run bench -- --rivals all`.";
  const results = runs.map(([, result]) => result);
  const missing = results.flatMap((result) =>
    result.missing.map(({ name, why }) => `${name} (${why})`),
  );
  return [
    rivalTable(runs),
    winners(runs),
    [
      `\`npm run bench -- --rivals all\`: ${how(results.map(({ circumstances }) => circumstances))}`,
      `${versions(runs)}.`,
      ...(missing.length === 0 ? [] : [`Not there: ${[...new Set(missing)].join(", ")}.`]),
    ].join("\n"),
  ].join("\n\n");
}

function curveSection([curve, result]: readonly [Curve, CurveResult]): string {
  return [
    `### ${curve.title}`,
    `![${curve.title}](${charts}/${curve.name}.svg)`,
    table(
      ["who", "exponent", "fitted from", "points"],
      result.lines.map(({ name, exponent, points }) => [
        name,
        digits(exponent ?? Number.NaN),
        grouped(curve.from),
        `${points.length}`,
      ]),
    ),
    `\`npm run bench -- scaling\`: ${how([result.circumstances])}`,
  ].join("\n\n");
}

/** How something was measured, in a sentence. */
function how(all: readonly Circumstances[]): string {
  const ways = all.map(({ date, rounds, warmUp, duration }) => {
    const times = rounds === 1 ? "once" : `in ${rounds} rounds`;
    const seconds = `for ${duration / 1e3} s of work each, after ${warmUp / 1e3} s of warming up`;
    return `${date.slice(0, 10)}, ${times}, ${seconds}`;
  });
  const loads = all.flatMap(({ load }) => load);
  const range = `${digits(Math.min(...loads))} to ${digits(Math.max(...loads))}`;
  return `${[...new Set(ways)].join("; ")}; load average ${range}.`;
}

/** Who took part, with versions; sluice itself is this checkout. */
function versions(runs: readonly (readonly [Row, RowResult])[]): string {
  const all = runs.flatMap(([, { entrants }]) =>
    entrants
      .filter(({ name }) => name !== "sluice" && name !== "bare")
      .map(({ version }) => version),
  );
  return [...new Set(all)].join("; ");
}

/** Where all of it was measured. */
function machines(all: readonly Circumstances[]): string {
  const places = all.map(({ machine, pinned }) => {
    const { cpu, cores, memory, system, node } = machine;
    const where = `${cpu}, ${cores} cores, ${Math.round(memory / 2 ** 30)} GiB, ${system}, Node.js ${node}`;
    return `${where}; server and generator on ${pinned ? "a core each" : "no cores of their own"}.`;
  });
  return [...new Set(places)].join("\n");
}

function capitalized(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}
