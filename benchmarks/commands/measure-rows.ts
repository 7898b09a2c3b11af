import type { Archive } from "../archive.ts";
import { contest, entrantsOf } from "../contest.ts";
import type { Options } from "../options.ts";
import { gateChart, rowChart } from "../report/charts.ts";
import { gateTable } from "../report/gate-table.ts";
import { remarks } from "../report/remarks.ts";
import { rowTable } from "../report/row-table.ts";
import type { Rival } from "../rivals/rival.ts";
import { rows } from "../rows.ts";
import { say } from "../say.ts";
import { standing, summary } from "../standing.ts";
import { sayBeginning, sayEnd, settingOf } from "./setting.ts";

/** Measures rows; returns the exit code: 1 if something that is asked was missed in this run. */
export async function measureRows(
  options: Options,
  rivals: readonly Rival[],
  archive: Archive,
): Promise<number> {
  const contests = rows
    .filter(({ name }) => options.chosen.length === 0 || options.chosen.includes(name))
    .map((row) => [row, entrantsOf(row, rivals, options.rivals)] as const);
  const setting = settingOf(options);
  sayBeginning(setting, contests.flatMap(([, entrants]) => entrants).length);
  let missed = false;
  for (const [index, [row, entrants]] of contests.entries()) {
    say(`\n## ${row.name} (${index + 1} of ${contests.length}): ${row.title}\n`);
    const result = await contest(row, entrants, setting);
    const { outcome } = standing({ row, runs: [result] });
    missed ||= outcome === "NOT MET" || outcome === "not measured";
    archive.addRun(result);
    archive.keepFile(`${row.name}.svg`, rowChart(row, result));
    say(`\n${[rowTable(row, result), ...remarks(result)].join("\n")}`);
  }
  const all = rows.map((row) => ({ row, runs: archive.runs(row.name) }));
  archive.keepFile("gates.json", `${JSON.stringify(all.map(standing), undefined, 1)}\n`);
  archive.keepFile("ratios.svg", gateChart(all));
  const chosen = all.filter(({ row }) => contests.some(([other]) => other === row)).map(standing);
  say(`\n## Gates\n\n${gateTable(chosen)}\n\n${summary(chosen)}`);
  sayEnd(archive);
  return missed ? 1 : 0;
}
