import { parseArgs } from "node:util";
import type { Target } from "./target.ts";
import { targets } from "./targets.ts";

/** What the command line says. */
export interface Options {
  readonly targets: readonly Target[];
  /** How long to look, for all targets together. */
  readonly seconds: number;
  readonly seed: number;
  /** Write what was learned into the corpus. */
  readonly save: boolean;
  /** A file of inputs to run instead of looking for new ones. */
  readonly replay: string | undefined;
}

export const usage: string = `npm run fuzz -- [options]

  --target NAMES   ${targets.map(({ name }) => name).join(", ")} (all of them)
  --seconds N      how long to look, for all targets together (60)
  --seed N         the same seed tries the same inputs (a new one)
  --save           add what was learned to fuzz/corpus, and leave out what it makes needless
  --replay FILE    run the inputs in a file and nothing else
  --help           this text`;

/**
 * Reads the command line, or nothing where it asks for help.
 *
 * @throws Error that says what is wrong with it
 */
export function readOptions(parameters: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      target: { type: "string", default: targets.map(({ name }) => name).join(",") },
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      save: { type: "boolean", default: false },
      replay: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  return {
    targets: values.target.split(",").map(targetCalled),
    seconds: readNumber("seconds", values.seconds),
    seed: readNumber("seed", values.seed),
    save: values.save,
    replay: values.replay,
  };
}

function targetCalled(name: string): Target {
  const target = targets.find((each) => each.name === name);
  if (target === undefined) throw new Error(`no target is called "${name}"`);
  return target;
}

function readNumber(option: string, text: string): number {
  const number = Number(text);
  if (!(number >= 0 && number < 2 ** 31)) {
    throw new Error(`--${option} is "${text}": it has to be a number that is not negative`);
  }
  return number;
}
