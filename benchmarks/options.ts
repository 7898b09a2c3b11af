import { parseArgs } from "node:util";

/** What `npm run bench` is asked to do. */
export interface Options {
  /** What is done. */
  readonly command: "measure" | "scaling" | "list" | "install" | "write-docs" | "help";
  /** The rows, or the curves; none means all of them. */
  readonly chosen: readonly string[];
  /** Who takes part besides sluice and those that the gates name. */
  readonly rivals: readonly string[];
  readonly rounds: number;
  /** For each rival and round: how long its server works, in milliseconds. */
  readonly warmUp: number;
  readonly duration: number;
  /** Whether it is only a look, whose figures are kept apart. */
  readonly quick: boolean;
}

export const usage = `npm run bench -- [rows] [options]

  ROW...            which rows (all of them)
  scaling CURVE...  the curves of linear cost instead, and which (all of them)
  --rivals A,B      who takes part besides those that the gates name; "all" for everybody
  --rounds N        how often each rival is measured (5)
  --seconds N       for how long each time: seconds that the server works (1)
  --warm-up N       for how long before each time (1): then its hot code has been compiled
  --quick           a look: 3 rounds of a quarter of a second, which are kept apart
  --list            names the rows and the rivals
  --install         installs the rivals that need packages of their own
  --write-docs      puts what was measured into docs/topics/performance.md
  --help            this text`;

/** What is known of names. */
export interface Names {
  readonly rows: readonly string[];
  readonly curves: readonly string[];
  readonly rivals: readonly string[];
}

/** Reads a command line. @throws Error for what it cannot mean. */
export function readOptions(parameters: readonly string[], names: Names): Options {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      rivals: { type: "string", default: "" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      "warm-up": { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      install: { type: "boolean", default: false },
      "write-docs": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const scaling = positionals[0] === "scaling";
  const chosen = scaling ? positionals.slice(1) : positionals;
  const rivals = values.rivals === "all" ? names.rivals : values.rivals.split(",").filter(Boolean);
  if (scaling) refuseUnknown("curve", chosen, names.curves);
  else refuseUnknown("row", chosen, names.rows);
  refuseUnknown("rival", rivals, names.rivals);
  const rounds = number("rounds", values.rounds ?? (values.quick ? "3" : "5"));
  if (!Number.isInteger(rounds)) throw new Error("rounds has to be a whole number");
  const seconds = number("seconds", values.seconds ?? (values.quick ? "0.25" : "1"));
  const commands = ["help", "list", "install", "write-docs"] as const;
  const command = commands.find((name) => values[name]) ?? (scaling ? "scaling" : "measure");
  return {
    command,
    chosen,
    rivals,
    rounds,
    warmUp: number("warm-up", values["warm-up"]) * 1_000,
    duration: seconds * 1_000,
    quick: values.quick,
  };
}

function refuseUnknown(kind: string, given: readonly string[], known: readonly string[]): void {
  const stranger = given.find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw new Error(`there is no ${kind} ${stranger}; there are ${known.join(", ")}`);
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} is ${text}: it has to be a number above 0`);
  return value;
}
