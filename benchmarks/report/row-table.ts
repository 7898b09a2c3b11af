import type { Entrant, RowResult } from "../results.ts";
import type { Row } from "../row.ts";
import { type Spread, spread } from "../statistics.ts";
import { digits, range, table } from "../table.ts";
import { opponent, times } from "../verdict.ts";

/** What came out of a row in one run, rival by rival. */
export function rowTable(row: Row, result: RowResult): string {
  const against = opponent(row, "ws", result);
  const memory = row.gates.some(({ figure }) => figure !== "cpu");
  const opens = row.load.kind === "open";
  const unit = opens ? "connect" : "message";
  const head = [
    "server",
    `CPU µs/${unit}`,
    `× ${against}`,
    `${unit}s/s`,
    ...(opens ? [] : ["p50 ms", "p99 ms"]),
    ...(memory ? ["RSS B", "heap B"] : []),
    "its core",
  ];
  const body = result.entrants.map((entrant) => {
    const { name, samples } = entrant;
    const all = (figure: "cpu" | "perSecond" | "p50" | "p99" | "serverShare"): Spread =>
      spread(samples.map((sample) => sample[figure]));
    return [
      name,
      range(all("cpu")),
      range(times(result, against, name)),
      digits(all("perSecond").median),
      ...(opens ? [] : [digits(all("p50").median / 1e3), range(milliseconds(all("p99")))]),
      ...(memory ? [held(entrant, "rss"), held(entrant, "heap")] : []),
      `${Math.round(100 * all("serverShare").median)} %`,
    ];
  });
  return table(head, body);
}

function milliseconds({ median, min, max }: Spread): Spread {
  return { median: median / 1e3, min: min / 1e3, max: max / 1e3 };
}

function held({ samples }: Entrant, figure: "rss" | "heap"): string {
  const values = samples.map((sample) => sample[figure]);
  return values.every((value) => value !== undefined) ? range(spread(values)) : "";
}
