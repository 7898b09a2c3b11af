import type { Archive } from "../archive.ts";
import { trace } from "../contest.ts";
import type { Curve } from "../curves.ts";
import type { Options } from "../options.ts";
import { curveChartOf } from "../report/charts.ts";
import type { Rival } from "../rivals/rival.ts";
import { say } from "../say.ts";
import { digits, grouped } from "../table.ts";
import { sayBeginning, sayEnd, settingOf } from "./setting.ts";

/** `scaling`: measures the curves of linear cost; returns the exit code. */
export async function measureCurves(
  options: Options,
  curves: readonly Curve[],
  rivals: readonly Rival[],
  archive: Archive,
): Promise<number> {
  const setting = settingOf(options);
  const names = ["sluice", "ws", ...options.rivals];
  const present = rivals.filter(
    ({ name, version }) => names.includes(name) && version !== undefined,
  );
  const chosen = curves.filter(
    ({ name }) => options.chosen.length === 0 || options.chosen.includes(name),
  );
  sayBeginning(setting, chosen.flatMap(({ steps }) => steps).length * present.length);
  for (const curve of chosen) {
    say(`\n## ${curve.title}\n`);
    const result = await trace(curve, present, setting, (x) => say(`${grouped(x)} ${curve.x}`));
    archive.keepCurve(result);
    archive.keepFile(`${curve.name}.svg`, curveChartOf(curve, result));
    for (const { name, exponent } of result.lines) {
      say(`${name}: exponent ${digits(exponent ?? Number.NaN)}`);
    }
  }
  sayEnd(archive);
  return 0;
}
