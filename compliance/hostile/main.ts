import process from "node:process";
import { type Attack, attacks } from "./attacks.ts";
import { isHarmless, mount, type Outcome } from "./mount.ts";
import { heading, row } from "./table.ts";

const usage = `usage: npm run compliance:hostile -- [--check] [part of an attack's name …]

Mounts each attack on a server of sluice and on one of ws, each in a process of its own, and prints
what it cost them: a table in Markdown. With --check, on sluice alone; an attack that seems to do harm
is mounted up to three times. It fails if one does harm each time.
`;

/** How often an attack is mounted: on a busy machine a measurement may say more than is true. */
const tries = 3;

process.exitCode = await main(process.argv.slice(2));

/** 0 when all is well, 1 when it is not. */
async function main(parameters: readonly string[]): Promise<number> {
  if (parameters.includes("--help")) return say(usage, 0);
  const check = parameters.includes("--check");
  const names = parameters.filter((parameter) => parameter !== "--check");
  const chosen = attacks.filter(
    ({ name }) => names.length === 0 || names.some((part) => name.includes(part)),
  );
  if (chosen.length === 0) return say(usage, 1);

  say(heading(check ? ["sluice"] : ["sluice", "ws"]));
  let harm = 0;
  for (const attack of chosen) {
    const ours = await attempt(attack, check ? tries : 1);
    const theirs = check ? [] : [await mount(attack, "ws-victim.js", 3_000)];
    say(row(attack, [ours, ...theirs]));
    if (!isHarmless(ours)) harm++;
  }
  return say(`\n${chosen.length} attacks, ${harm} did harm`, harm === 0 ? 0 : 1);
}

async function attempt(attack: Attack, times: number): Promise<Outcome> {
  let outcome = await mount(attack, "sluice-victim.js", 6_000);
  for (let i = 1; i < times && !isHarmless(outcome); i++) {
    outcome = await mount(attack, "sluice-victim.js", 6_000);
  }
  return outcome;
}

function say<R>(line: string, result?: R): R {
  process.stdout.write(`${line}\n`);
  return result as R;
}
