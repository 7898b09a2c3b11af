import type { Entrant, RowResult } from "./results.ts";
import type { Row } from "./row.ts";
import { type Spread, spread } from "./statistics.ts";
import { opponent, times, type Verdict, verdicts } from "./verdict.ts";

/** A table in Markdown, its columns as wide as they have to be. Columns but the first are numbers. */
export function table(
  head: readonly string[],
  body: readonly (readonly string[])[],
  left: number = 1,
): string {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...body.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < left ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column < left ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...body.map(line)].join("\n");
}

/** What came out of a row, rival by rival. */
export function entrantTable(row: Row, result: RowResult): string {
  const against = opponent(row, "ws", result);
  const memory = row.gates.some(({ figure }) => figure !== "cpu");
  const unit = row.load.kind === "open" ? "connect" : "message";
  const head = [
    "server",
    `CPU µs/${unit}`,
    `× ${against}`,
    `${unit}s/s`,
    ...(row.load.kind === "open" ? [] : ["p50 ms", "p99 ms"]),
    ...(memory ? ["RSS B", "heap B"] : []),
    "its core",
  ];
  const body = result.entrants.map((entrant) => {
    const { samples } = entrant;
    const all = (name: "perSecond" | "p50" | "p99" | "serverShare"): Spread =>
      spread(samples.map((sample) => sample[name]));
    return [
      entrant.name,
      range(spread(samples.map(({ cpu }) => cpu))),
      range(times(result, against, entrant.name)),
      digits(all("perSecond").median),
      ...(row.load.kind === "open"
        ? []
        : [digits(all("p50").median / 1e3), digits(all("p99").median / 1e3)]),
      ...(memory ? [held(entrant, "rss"), held(entrant, "heap")] : []),
      `${Math.round(100 * all("serverShare").median)} %`,
    ];
  });
  return table(head, body);
}

function held({ samples }: Entrant, figure: "rss" | "heap"): string {
  const values = samples.map((sample) => sample[figure]);
  return values.every((value) => value !== undefined) ? digits(spread(values).median) : "";
}

/** What was asked in some rows, and what became of it. */
export function verdictTable(results: readonly (readonly [Row, RowResult])[]): string {
  const body = results.flatMap(([row, result]) =>
    verdicts(row, result).map((verdict) => [
      row.name,
      verdict.asked,
      range(verdict.seen),
      verdictWord(verdict),
    ]),
  );
  return table(["row", "asked", "seen", ""], body, 2);
}

/** What became of something, in a word or two. */
export function verdictWord({ passed, onTarget }: Verdict): string {
  if (passed === undefined) return "not measured";
  return passed ? (onTarget ? "pass" : "pass, below target") : "MISS";
}

/** A median with how far it went: `9.9 (9.1–10.4)`. */
export function range(values: Spread | undefined): string {
  if (values === undefined) return "–";
  return `${digits(values.median)} (${digits(values.min)}–${digits(values.max)})`;
}

/** A number as one reads it: three digits that count, and thousands apart. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 100) return grouped(Math.round(value));
  return value.toFixed(size >= 9.995 ? 1 : 2);
}

/** A whole number, thousands apart. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
