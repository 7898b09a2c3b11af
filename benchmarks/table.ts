import type { Spread } from "./statistics.ts";

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
