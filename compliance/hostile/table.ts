import type { Attack } from "./attacks.ts";
import type { Outcome } from "./mount.ts";

const mebibyte = 1024 * 1024;

/** The first two lines of the table, with three columns for each server. */
export function heading(servers: readonly string[]): string {
  const columns = servers.flatMap((server) => [
    `${server}: peak, held`,
    `longest turn`,
    "what became of them",
  ]);
  const titles = ["attack", "peers", "sent", ...columns];
  return `${cells(titles)}\n${cells(titles.map(() => "---"))}`;
}

/** One attack, and what it did to each server. */
export function row({ name, crowd }: Attack, outcomes: readonly Outcome[]): string {
  const columns = outcomes.flatMap(({ peak, held, block, fates }) => [
    `${megabytes(peak)}, ${megabytes(held)}`,
    `${block.toFixed(0)} ms`,
    [...fates].map(([fate, count]) => (count === crowd ? fate : `${count} ${fate}`)).join(", "),
  ]);
  const sent = outcomes.map((outcome) => megabytes(outcome.sent));
  const same = new Set(sent).size === 1;
  return cells([name, String(crowd), same ? sent[0]! : sent.join(" / "), ...columns]);
}

function megabytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)}`;
}

function cells(texts: readonly string[]): string {
  return `| ${texts.join(" | ")} |`;
}
