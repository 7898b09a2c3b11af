import { parseArgs } from "node:util";
import { nearestName } from "../internal/nearest-name.ts";
import { WrongCommand } from "./wrong-command.ts";

/** What the program `sluice` was asked to do. */
export type Command =
  | { readonly name: "help" }
  | { readonly name: "version" }
  | { readonly name: "new"; readonly folder: string }
  | { readonly name: "worker"; readonly module: string; readonly timeout: number }
  | {
      readonly name: "serve";
      readonly module: string;
      readonly timeout: number;
      /** In how many processes; undefined: in this one. */
      readonly workers: number | undefined;
    };

/** What `sluice --help` prints. */
export const help = `Usage: sluice new <folder>
       sluice serve <module> [--workers <n>] [--timeout <ms>]
       sluice worker <module> [--timeout <ms>]

new: makes a folder with a chat in TypeScript, its test, and commands for both.

serve: loads a module, and closes the servers that it exports at SIGTERM or
SIGINT; a module that listens for SIGTERM itself is left to do so.

  --workers <n>   in so many processes, which share the port; what ends is
                  started anew, and SIGUSR2 replaces them one by one. They reach
                  each other by clusterLayer() of sluice/layers/cluster

worker: loads a module and runs the workers that it exports, until SIGTERM or
SIGINT.

  --timeout <ms>  how long connections and handlers may go on after that; a
                  second signal means now (30000)
  --help, -h      prints this
  --version, -v   prints the version of sluice
`;

/**
 * Reads what stands behind the program's name.
 * @throws WrongCommand for what the program cannot do.
 */
export function readCommandLine(parameters: readonly string[]): Command {
  const { values, positionals } = parse(parameters);
  if (values.help === true) return { name: "help" };
  if (values.version === true) return { name: "version" };
  const [name, module, ...more] = positionals;
  if (name === "new") return readNew(positionals.slice(1), values);
  if (name !== "serve" && name !== "worker") throw new WrongCommand(unknown(name));
  if (module === undefined) throw new WrongCommand("say which module to load");
  if (more.length > 0) throw new WrongCommand(`one module at a time, not also ${more.join(", ")}`);
  const timeout = readNumber("--timeout", values.timeout ?? "30000", "a number of milliseconds");
  const workers =
    values.workers === undefined
      ? undefined
      : readNumber(
          "--workers",
          values.workers,
          `a number from 1 to ${mostWorkers}`,
          1,
          mostWorkers,
        );
  if (name === "serve") return { name, module, timeout, workers };
  if (workers !== undefined) throw new WrongCommand("--workers is for serve");
  return { name, module, timeout };
}

function unknown(name: string | undefined): string {
  if (name === undefined) return "say what to do: new, serve or worker";
  const nearest = nearestName(name, ["new", "serve", "worker"]);
  const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  return `there is no command "${name}"${hint}`;
}

function readNew([folder, ...more]: readonly string[], values: object): Command {
  if (folder === undefined) throw new WrongCommand("say which folder to make: sluice new my-chat");
  if (more.length > 0) throw new WrongCommand(`one folder at a time, not also ${more.join(", ")}`);
  const [option] = Object.keys(values);
  if (option !== undefined) throw new WrongCommand(`--${option} is not for new`);
  return { name: "new", folder };
}

/** More than any machine has processors. */
const mostWorkers = 1024;

function readNumber(
  option: string,
  text: string,
  expected: string,
  least: number = 0,
  most: number = 999_999_999,
): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= least && number <= most) return number;
  throw new WrongCommand(`${option} is ${expected}, not "${text}"`);
}

function parse(parameters: readonly string[]) {
  try {
    return parseArgs({
      args: [...parameters],
      options: {
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "v" },
        timeout: { type: "string" },
        workers: { type: "string" },
      },
      allowPositionals: true,
    });
  } catch (cause) {
    // Behind the first sentence node:util says how a file may have such a name.
    const [sentence = ""] = (cause as Error).message.split(/\. |\n/);
    throw new WrongCommand(sentence, { cause });
  }
}
