/** A column of a table: its title, what is read from a result, and how that is written. */
export type Column = readonly [title: string, key: string, write?: (value: number) => string];

/** Never more than there was: 99.9996 % is not 100 %. */
const share = (value: number): string =>
  value === 1 ? "100 %" : `${(Math.floor(value * 1e5) / 1e3).toFixed(3)} %`;

const time = (value: number): string => `${value} ms`;

const who: readonly Column[] = [
  ["side", "side"],
  ["layer", "engine"],
];

/** Of links that are cut, and processes that are replaced. */
export const weather: readonly Column[] = [
  ...who,
  ["delivered", "delivered", share],
  ["missing", "missing"],
  ["duplicates", "duplicates"],
  ["out of order", "disorders"],
  ["told to reload", "reloads"],
  ["reconnects", "reconnects"],
  ["median", "reconnectMedian", time],
  ["longest", "reconnectLongest", time],
  ["longest silence", "silence", time],
];

/** Of engines that fail. */
export const failures: readonly Column[] = [
  ...who,
  ["fault", "fault"],
  ["rounds", "rounds"],
  ["to be shown", "due"],
  ["delivered", "delivered"],
  ["told", "told"],
  ["lies", "lies"],
  ["duplicates", "duplicates"],
  ["out of order", "disorders"],
  ["median silence", "silenceMedian", time],
  ["longest", "silenceLongest", time],
];

/** Of members that come and go. */
export const comings: readonly Column[] = [
  ...who,
  ["joins", "joins"],
  ["sends", "sent"],
  ["to be heard", "due"],
  ["lost", "lost"],
  ["duplicates", "duplicates"],
];

/** Of a group that is sent to. */
export const speeds: readonly Column[] = [
  ...who,
  ["sends/s", "sends"],
  ["deliveries/s", "deliveries"],
  ["median", "median", time],
  ["99 %", "percentile99", time],
  ["longest", "longest", time],
];

/** The first two lines of a table in Markdown. */
export function header(columns: readonly Column[]): string {
  const rules = columns.map(([title]) =>
    ["side", "layer", "fault"].includes(title) ? "---" : "---:",
  );
  return `| ${columns.map(([title]) => title).join(" | ")} |\n| ${rules.join(" | ")} |`;
}

/** A result as a line of it. */
export function row(columns: readonly Column[], result: object): string {
  const values = result as Readonly<Record<string, number>>;
  const cells = columns.map(([, key, write = String]) => write(values[key] ?? 0));
  return `| ${cells.join(" | ")} |`;
}
