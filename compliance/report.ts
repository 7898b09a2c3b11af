import type { Verdict } from "./verdict.ts";

/** How a peer did. Without verdicts, there is no such peer. */
export interface Column {
  /** "ws 8.23.0 server" */
  readonly title: string;
  readonly verdicts?: readonly Verdict[];
  readonly milliseconds?: number;
}

const families: readonly (readonly [number: string, title: string])[] = [
  ["1", "framing"],
  ["2", "ping and pong"],
  ["3", "reserved bits"],
  ["4", "opcodes"],
  ["5", "fragmentation"],
  ["6", "UTF-8"],
  ["7", "closing"],
  ["9", "limits"],
  ["10", "automatic fragmentation"],
  ["12", "compression"],
  ["13", "compression parameters"],
];

const results = ["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED"] as const;

type Result = (typeof results)[number];

/** A table in Markdown: families of cases, and what the peers make of them. */
export function table(columns: readonly Column[]): string {
  const family = ({ id }: Verdict) => id.split(".")[0];
  const rows = families
    .map(([number, title]) => [
      `${number} ${title}`,
      ...columns.map(({ verdicts }) =>
        inShort(verdicts?.filter((verdict) => family(verdict) === number)),
      ),
    ])
    .filter(([, ...cells]) => cells.some((cell) => cell !== "0" && cell !== dash));
  const totals = results.map((result) => [
    `**${result}**`,
    ...columns.map(({ verdicts }) => (verdicts ? `**${count(verdicts, result)}**` : dash)),
  ]);
  const more = [
    ["compressed to", ...columns.map(({ verdicts }) => ratio(verdicts))],
    ["seconds", ...columns.map(({ milliseconds }) => seconds(milliseconds))],
  ];
  return align([["", ...columns.map(({ title }) => title)], ...rows, ...totals, ...more]);
}

/** What is not OK, and why: a line for each reason, with the cases that it is the reason of. */
export function complaints(columns: readonly Column[]): string {
  return columns.flatMap(({ title, verdicts = [] }) => complaintsOf(title, verdicts)).join("\n");
}

function complaintsOf(title: string, verdicts: readonly Verdict[]): string[] {
  const ranges = new Map<string, { first: string; last: string; end: number }[]>();
  for (const [i, { id, result, reason }] of verdicts.entries()) {
    if (result === "OK") continue;
    const complaint = `${result}: ${reason}`;
    const known = ranges.get(complaint) ?? [];
    ranges.set(complaint, known);
    const range = known.at(-1);
    if (range?.end === i) Object.assign(range, { last: id, end: i + 1 });
    else known.push({ first: id, last: id, end: i + 1 });
  }
  return [...ranges].map(([complaint, known]) => {
    const ids = known.map(({ first, last }) => (first === last ? first : `${first} to ${last}`));
    return `${title}, ${ids.join(", ")}: ${complaint}`;
  });
}

const dash = "–";

/** "247", or "240, 4 non-strict, 3 informational". */
function inShort(verdicts: readonly Verdict[] | undefined): string {
  if (!verdicts) return dash;
  const [ok, ...others] = results.map((result) => ({ result, number: count(verdicts, result) }));
  return [
    `${ok?.number}`,
    ...others
      .filter(({ number }) => number > 0)
      .map(({ result, number }) => `${number} ${result.toLowerCase()}`),
  ].join(", ");
}

function count(verdicts: readonly Verdict[], result: Result): number {
  return verdicts.filter((verdict) => inGeneral(verdict) === result).length;
}

/** How a connection ended badly is left to the complaints. */
function inGeneral({ result }: Verdict): Result {
  return results.find((each) => each === result) ?? "FAILED";
}

/** How much is left of messages where compression was agreed on. */
function ratio(verdicts: readonly Verdict[] = []): string {
  const agreed = verdicts.filter((verdict) => verdict.agreed).map(({ traffic }) => traffic);
  if (agreed.length === 0) return dash;
  if (agreed.every(({ compressed }) => compressed === 0)) return "not compressed";
  const sum = (of: "octets" | "sent") => agreed.reduce((total, each) => total + each[of], 0);
  return `${((sum("sent") / sum("octets")) * 100).toFixed(1)} %`;
}

function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? dash : (milliseconds / 1000).toFixed(0);
}

function align(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [first = [], ...rest] = rows;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)].join(
    "\n",
  );
}
