import process from "node:process";
import { type Options, readOptions, usage } from "./options.ts";
import { loadParts } from "./parts.ts";
import { plant } from "./planted-bugs.ts";
import { report, type Setup, simulate } from "./simulate.ts";

process.exitCode = await main();

/** 0 when every world was as promised, 1 when one was not, 2 when nobody knows what is wanted. */
async function main(): Promise<number> {
  let options: Options | undefined;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return 2;
  }
  if (options === undefined) {
    say(usage);
    return 0;
  }
  const { bug } = options;
  if (bug !== undefined) say(`planted: ${bug.name}`);
  const setup = bug === undefined ? { parts: await loadParts() } : await plant(bug);
  let held = true;
  for (const world of options.worlds) held = (await simulateAll(world, options, setup)) && held;
  return held ? 0 : 1;
}

/** Runs the seeds of a kind of world up to the first that fails; whether all held. */
async function simulateAll(world: string, options: Options, setup: Setup): Promise<boolean> {
  const { seed: first, seeds } = options;
  const start = performance.now();
  let told = start;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const outcome = await simulate(world, seed, setup);
    if (outcome.violation !== undefined) {
      say(await report(outcome, setup));
      return false;
    }
    const now = performance.now();
    const done = seed - first + 1;
    if (now - told < 10_000 && done < seeds) continue;
    told = now;
    const rate = (done / (now - start)) * 1_000;
    say(`${world}: ${done} worlds as promised, ${rate.toFixed(0)} a second`);
  }
  return true;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
