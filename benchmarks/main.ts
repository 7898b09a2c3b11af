import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Archive } from "./archive.ts";
import { lineChart, ratioChart, rowChart } from "./charts.ts";
import { contest, entrantsOf, type Setting, trace } from "./contest.ts";
import { type Curve, curves } from "./curves.ts";
import { files, filled, regions } from "./documentation.ts";
import { descriptorLimit, loadAverage, thisMachine } from "./machine.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { Packages } from "./packages.ts";
import { choosePlacement } from "./placement.ts";
import type { CurveResult, RowResult } from "./results.ts";
import type { Rival } from "./rivals/rival.ts";
import { allRivals } from "./rivals.ts";
import type { Row } from "./row.ts";
import { rows } from "./rows.ts";
import { spread } from "./statistics.ts";
import { digits, entrantTable, grouped, table, verdictTable } from "./table.ts";
import { verdicts } from "./verdict.ts";

/**
 * `npm run bench` in a checkout. Resolves with the exit code: 0 when everything that was asked is
 * reached, 1 when it is not, 2 when nobody knows what is wanted.
 */
export async function bench(checkout: string, parameters: readonly string[]): Promise<number> {
  const packages = new Packages(checkout);
  const rivals = allRivals(packages);
  const archive = new Archive(join(checkout, "benchmarks/results"));
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
    case "write-docs":
      return writeDocs(checkout, archive);
    case "scaling":
      return measureCurves(options, rivals, archive);
    case "measure":
      return measureRows(options, rivals, archive);
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
  archive: Archive,
): Promise<number> {
  const chosen = rows.filter(
    ({ name }) => options.rows.length === 0 || options.rows.includes(name),
  );
  const setting = settingOf(options);
  describe(setting);
  const results: (readonly [Row, RowResult])[] = [];
  for (const row of chosen) {
    say(`\n## ${row.name}: ${row.title}\n`);
    const result = await contest(row, entrantsOf(row, rivals, options.rivals), setting);
    results.push([row, result]);
    archive.keep(row.name, result, rowChart(row, result));
    say(`\n${entrantTable(row, result)}`);
    for (const remark of remarks(result)) say(remark);
  }
  archive.keepFile("ratios.svg", ratioChart(results));
  say(`\n## What was asked\n\n${verdictTable(results)}`);
  ending(archive);
  const all = results.flatMap(([row, result]) => verdicts(row, result));
  // What was not measured for want of a rival is no miss; without sluice there is nothing to pass.
  const complete = results.every(([, { entrants }]) =>
    entrants.some(({ name }) => name === "sluice"),
  );
  return complete && all.every(({ passed }) => passed !== false) ? 0 : 1;
}

async function measureCurves(
  options: Options,
  rivals: readonly Rival[],
  archive: Archive,
): Promise<number> {
  const setting = settingOf(options);
  describe(setting);
  const names = ["sluice", "ws", ...options.rivals];
  const present = rivals.filter(
    ({ name, version }) => names.includes(name) && version !== undefined,
  );
  for (const curve of curves(descriptorLimit())) {
    say(`\n## ${curve.title}\n`);
    const result = await trace(curve, present, setting, (x) => say(`${grouped(x)} ${curve.x}`));
    archive.keep(curve.name, result, lineChart(curve, result));
    for (const { name, exponent } of result.lines) {
      say(`${name}: exponent ${digits(exponent ?? Number.NaN)}`);
    }
  }
  ending(archive);
  return 0;
}

/** Puts what is in the archive into the documentation; what was only looked at stays out of it. */
function writeDocs(checkout: string, archive: Archive): number {
  const results = rows.map((row) => [row, archive.row(row.name)] as const);
  const lines = curves(descriptorLimit()).map(
    (curve) => [curve, archive.curve(curve.name)] as const,
  );
  const isUsable = (entry: readonly [unknown, RowResult | CurveResult | undefined]): boolean =>
    entry[1] !== undefined && !entry[1].circumstances.quick;
  const measured = {
    rows: results.filter(isUsable) as (readonly [Row, RowResult])[],
    curves: lines.filter(isUsable) as (readonly [Curve, CurveResult])[],
  };
  const left = [...results, ...lines].filter((entry) => !isUsable(entry));
  for (const [{ name }] of left) say(`${name}: not measured, or only looked at`);
  if (measured.rows.length === 0) return 1;
  const page = join(checkout, "docs/topics/performance.md");
  writeFileSync(page, filled(readFileSync(page, "utf8"), regions(measured)));
  const folder = new Archive(join(checkout, "docs/topics/performance"));
  for (const [name, content] of files(measured)) folder.keepFile(name, content);
  say(`${measured.rows.length} rows and ${measured.curves.length} curves are in ${page}`);
  return 0;
}

function ending({ folder }: Archive): void {
  say(`\nload average ${digits(loadAverage())} at the end; results are in ${folder}`);
}

function settingOf({ rounds, warmUp, duration, quick }: Options): Setting {
  return {
    rounds,
    warmUp,
    duration,
    quick,
    machine: thisMachine(),
    placement: choosePlacement(),
    complain: (rival, why) => say(`${rival.name} is left out: ${why}`),
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
  say(`${rounds} rounds of ${duration} ms of work; load average ${digits(loadAverage())}`);
}

/** What one has to know to read a row. */
function remarks({ entrants, missing }: RowResult): string[] {
  const limited = entrants.filter(({ samples }) => {
    const generator = spread(samples.map(({ generatorShare }) => generatorShare)).median;
    const server = spread(samples.map(({ serverShare }) => serverShare)).median;
    return generator > 0.95 && server < 0.9;
  });
  const names = limited.map(({ name }) => name).join(", ");
  const waited = Math.max(
    ...entrants.map(({ samples }) => spread(samples.map((each) => each.waitingShare)).median),
  );
  const share = Math.round(100 * waited);
  return [
    ...(share < 10 ? [] : [`the machine was busy: servers waited up to ${share} % of the time`]),
    ...missing.map(({ name, why }) => `${name}: ${why}`),
    ...(names === ""
      ? []
      : [`the generator was the limit for ${names}: their messages/s are more than that`]),
  ];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
