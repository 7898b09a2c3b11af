import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { contest, entrantsOf, type Setting } from "./contest.ts";
import { loadAverage, thisMachine } from "./machine.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { Packages } from "./packages.ts";
import { choosePlacement } from "./placement.ts";
import type { RowResult } from "./results.ts";
import type { Rival } from "./rivals/rival.ts";
import { allRivals } from "./rivals.ts";
import type { Row } from "./row.ts";
import { rows } from "./rows.ts";
import { spread } from "./statistics.ts";
import { digits, entrantTable, table, verdictTable } from "./table.ts";

/**
 * `npm run bench` in a checkout. Resolves with the exit code: 0 when everything that was asked is
 * reached, 1 when it is not, 2 when nobody knows what is wanted.
 */
export async function bench(checkout: string, parameters: readonly string[]): Promise<number> {
  const packages = new Packages(checkout);
  const rivals = allRivals(packages);
  let options: Options;
  try {
    options = readOptions(parameters, {
      rows: rows.map(({ name }) => name),
      rivals: rivals.map(({ name }) => name),
    });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return 2;
  }
  switch (options.command) {
    case "help":
      say(usage);
      return 0;
    case "list":
      list(rivals);
      return 0;
    case "install":
      return packages.install() ? 0 : 1;
    default:
      return measureRows(options, rivals, join(checkout, "benchmarks/results"));
  }
}

function list(rivals: readonly Rival[]): void {
  say(
    table(
      ["row", "what", "asked"],
      rows.map(({ name, title, gates, ws }) => [
        name,
        title,
        gates
          .map(({ figure, against, atLeast, atMost }) => {
            const opponent = against === "ws" ? ws : "raw";
            if (atLeast !== undefined) return `≥ ${atLeast} × ${opponent}`;
            return `${figure} ≤ ${atMost} × ${opponent}`;
          })
          .join(", "),
      ]),
      3,
    ),
  );
  say("");
  say(
    table(
      ["rival", "is"],
      rivals.map(({ name, version }) => [name, version ?? "not installed"]),
      2,
    ),
  );
}

async function measureRows(
  options: Options,
  rivals: readonly Rival[],
  folder: string,
): Promise<number> {
  const chosen = rows.filter(
    ({ name }) => options.rows.length === 0 || options.rows.includes(name),
  );
  const setting = settingOf(options);
  describe(setting);
  const results: (readonly [Row, RowResult])[] = [];
  mkdirSync(folder, { recursive: true });
  for (const row of chosen) {
    const entrants = entrantsOf(row, rivals, options.rivals);
    say(`\n## ${row.name}: ${row.title}\n`);
    const result = await contest(row, entrants, setting);
    results.push([row, result]);
    writeFileSync(join(folder, `${row.name}.json`), `${JSON.stringify(result, undefined, 1)}\n`);
    say(entrantTable(row, result));
    for (const remark of remarks(result)) say(remark);
  }
  const verdicts = verdictTable(results);
  say(`\n## What was asked\n\n${verdicts}`);
  say(`\nload average ${digits(loadAverage())} at the end; results are in ${folder}`);
  return verdicts.includes("MISS") ? 1 : 0;
}

function settingOf({ rounds, warmUp, duration, quick }: Options): Setting {
  return {
    rounds,
    warmUp,
    duration,
    quick,
    machine: thisMachine(),
    placement: choosePlacement(),
    progress: (round, rival, { cpu, perSecond }) => {
      say(`round ${round + 1}  ${rival.name.padEnd(16)} ${digits(cpu)} µs  ${digits(perSecond)}/s`);
    },
  };
}

function describe({ machine, placement, rounds, duration }: Setting): void {
  const { cpu, cores, system, node } = machine;
  say(`${cpu}, ${cores} cores, ${system}, Node.js ${node}`);
  say(
    placement.server === undefined
      ? "server and generator share all cores: there is no taskset, or only one core"
      : `server on core ${placement.server}, generator on core ${placement.generator}`,
  );
  say(`${rounds} rounds of ${duration} ms; load average ${digits(loadAverage())}`);
}

/** What one has to know to read a row. */
function remarks({ entrants, missing }: RowResult): string[] {
  const limited = entrants.filter(({ samples }) => {
    const generator = spread(samples.map(({ generatorShare }) => generatorShare)).median;
    const server = spread(samples.map(({ serverShare }) => serverShare)).median;
    return generator > 0.95 && server < 0.9;
  });
  const names = limited.map(({ name }) => name).join(", ");
  return [
    ...missing.map((name) => `${name}: not installed (npm run bench -- --install)`),
    ...(names === ""
      ? []
      : [`the generator was the limit for ${names}: their messages/s are more than that`]),
  ];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
