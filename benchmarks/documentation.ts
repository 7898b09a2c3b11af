import type { Curve } from "./curves.ts";
import { lineChart, ratioChart, rowChart } from "./charts.ts";
import type { Circumstances, CurveResult, RowResult } from "./results.ts";
import type { Row } from "./row.ts";
import { digits, entrantTable, table, verdictTable } from "./table.ts";

/** What was measured, and is to be written about. */
export interface Measured {
  readonly rows: readonly (readonly [Row, RowResult])[];
  readonly curves: readonly (readonly [Curve, CurveResult])[];
}

/** Where the charts of the page are, as it sees them. */
const charts = "performance";

/** The marked regions of the page, with what belongs into them. */
export function regions({ rows, curves }: Measured): Readonly<Record<string, string>> {
  return {
    machine: circumstances([...rows, ...curves].map(([, result]) => result.circumstances)),
    ratios: `![How many times as much ws needs](${charts}/ratios.svg)`,
    asked: verdictTable(rows),
    rows: rows.map(section).join("\n\n"),
    curves: [
      table(
        ["curve", "who", "exponent"],
        curves.flatMap(([{ title }, { lines }]) =>
          lines.map(({ name, exponent }) => [title, name, digits(exponent ?? Number.NaN)]),
        ),
        2,
      ),
      ...curves.map(([{ name, title }]) => `![${title}](${charts}/${name}.svg)`),
    ].join("\n\n"),
  };
}

/** The files that the page shows, by name. */
export function files({ rows, curves }: Measured): ReadonlyMap<string, string> {
  const results = {
    rows: rows.map(([, result]) => result),
    curves: curves.map(([, line]) => line),
  };
  return new Map([
    ["results.json", `${JSON.stringify(results, undefined, 1)}\n`],
    ["ratios.svg", ratioChart(rows)],
    ...rows.map(([row, result]) => [`${row.name}.svg`, rowChart(row, result)] as const),
    ...curves.map(([curve, result]) => [`${curve.name}.svg`, lineChart(curve, result)] as const),
  ]);
}

/**
 * A page with its marked regions filled: what is between `<!-- bench:NAME -->` and `<!-- bench:end -->`.
 * @throws Error for a region that the page does not have.
 */
export function filled(page: string, contents: Readonly<Record<string, string>>): string {
  return Object.entries(contents).reduce((text, [name, content]) => {
    const start = `<!-- bench:${name} -->`;
    const from = text.indexOf(start);
    const to = text.indexOf("<!-- bench:end -->", from);
    if (from < 0 || to < 0) throw new Error(`the page has no region ${name}`);
    return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
  }, page);
}

function section([row, result]: readonly [Row, RowResult]): string {
  const versions = result.entrants
    .filter(({ name }) => name !== "sluice" && name !== "bare")
    .map(({ version }) => version);
  return [
    `### ${row.title[0]?.toUpperCase()}${row.title.slice(1)}`,
    entrantTable(row, result),
    `\`npm run bench -- ${row.name}\`; ${[...new Set(versions)].join("; ")}.`,
  ].join("\n\n");
}

/** Where and when, in a sentence or two. */
function circumstances(all: readonly Circumstances[]): string {
  const machines = all.map(
    ({ machine: { cpu, cores, memory, system, node } }) =>
      `${cpu}, ${cores} cores, ${Math.round(memory / 2 ** 30)} GiB, ${system}, Node.js ${node}`,
  );
  const dates = all.map(({ date }) => date.slice(0, 10)).toSorted();
  const loads = all.flatMap(({ load }) => load);
  const rounds = [...new Set(all.map((each) => each.rounds))].toSorted((a, b) => a - b);
  const between = dates[0] === dates.at(-1) ? dates[0] : `${dates[0]} to ${dates.at(-1)}`;
  const pinned = all.every((each) => each.pinned)
    ? "server and generator on a core each"
    : "server and generator on no cores of their own";
  return [
    `${[...new Set(machines)].join("; ")}; ${pinned}.`,
    `${between}, ${rounds.join(" or ")} rounds, load average between`,
    `${digits(Math.min(...loads))} and ${digits(Math.max(...loads))}.`,
  ].join("\n");
}
