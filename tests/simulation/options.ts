import { parseArgs } from "node:util";
import { type PlantedBug, plantedBugs } from "./planted-bugs.ts";
import { worlds } from "./simulate.ts";

/** What the command line says. */
export interface Options {
  readonly worlds: readonly string[];
  /** How many seeds, of each kind of world. */
  readonly seeds: number;
  /** The first one. */
  readonly seed: number;
  /** Plant this one first. */
  readonly bug: PlantedBug | undefined;
}

export const usage: string = `npm run simulate -- [options]

  --world NAMES   ${Object.keys(worlds).join(", ")} (all of them)
  --seeds N       how many seeds, of each kind of world (1000; 1 with --seed)
  --seed N        the first one: the same seed is the same world (1)
  --bug N         plant a bug first, from 1 to ${plantedBugs.length}: see tests/simulation/planted-bugs.ts
  --help          this text`;

/**
 * Reads the command line, or nothing where it asks for help.
 *
 * @throws Error that says what is wrong with it
 */
export function readOptions(parameters: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      world: { type: "string" },
      seeds: { type: "string" },
      seed: { type: "string" },
      bug: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const bug = values.bug === undefined ? undefined : bugOf(readNumber("bug", values.bug));
  const names = values.world?.split(",") ?? (bug === undefined ? Object.keys(worlds) : [bug.world]);
  for (const name of names) {
    if (!Object.hasOwn(worlds, name)) throw new Error(`no world is called "${name}"`);
  }
  return {
    worlds: names,
    seeds: readNumber("seeds", values.seeds ?? (values.seed === undefined ? "1000" : "1")),
    seed: readNumber("seed", values.seed ?? "1"),
    bug,
  };
}

function bugOf(number: number): PlantedBug {
  const bug = plantedBugs[number - 1];
  if (bug === undefined) throw new Error(`--bug is ${number}: there are ${plantedBugs.length}`);
  return bug;
}

function readNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1 && number < 2 ** 31) return number;
  throw new Error(`--${option} is "${text}": it has to be a whole number from 1`);
}
