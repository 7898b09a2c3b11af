import { join } from "node:path";
import process from "node:process";
import { Archive } from "./archive.ts";
import { list } from "./commands/list.ts";
import { measureCurves } from "./commands/measure-curves.ts";
import { measureRows } from "./commands/measure-rows.ts";
import { writeDocs } from "./commands/write-docs.ts";
import { curves } from "./curves.ts";
import { descriptorLimit } from "./machine.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { Packages } from "./packages.ts";
import { allRivals } from "./rivals.ts";
import { rows } from "./rows.ts";
import { say } from "./say.ts";

/**
 * `npm run bench` in a checkout. Resolves with the exit code: 0 when everything that was asked is
 * reached, 1 when it is not, 2 when nobody knows what is wanted.
 */
export async function bench(checkout: string, parameters: readonly string[]): Promise<number> {
  const packages = new Packages(checkout);
  const rivals = allRivals(packages);
  const lines = curves(descriptorLimit());
  let options: Options;
  try {
    options = readOptions(parameters, {
      rows: rows.map(({ name }) => name),
      curves: lines.map(({ name }) => name),
      rivals: rivals.map(({ name }) => name),
    });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return 2;
  }
  const results = join(checkout, "benchmarks/results");
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
      return writeDocs(checkout, results, lines);
    case "scaling":
      return measureCurves(options, lines, rivals, new Archive(join(results, folder(options))));
    case "measure":
      return measureRows(options, rivals, new Archive(join(results, folder(options))));
  }
}

/** What is measured for the gates, with others, or only looked at is kept apart. */
function folder({ quick, rivals }: Options): string {
  if (quick) return "quick";
  return rivals.length > 0 ? "rivals" : "";
}
