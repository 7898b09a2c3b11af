import { parseArgs } from "node:util";
import { WrongCommand } from "./wrong-command.ts";

/** What the program `sluice` was asked to do. */
export type Command =
  | { readonly name: "help" }
  | { readonly name: "worker"; readonly module: string; readonly timeout: number };

/** What `sluice --help` prints. */
export const help = `Usage: sluice worker <module> [--timeout <ms>]

Loads a module and runs the workers that it exports, until SIGTERM or SIGINT.

  --timeout <ms>  how long handlers may go on after that; a second signal means
                  now (30000)
  --help          prints this
`;

/**
 * Reads what stands behind the program's name.
 * @throws WrongCommand for what the program cannot do.
 */
export function readCommandLine(parameters: readonly string[]): Command {
  const { values, positionals } = parse(parameters);
  if (values.help === true) return { name: "help" };
  const [name, module, ...more] = positionals;
  if (name !== "worker") {
    throw new WrongCommand(
      name === undefined ? "say what to run: worker" : `there is no command "${name}"`,
    );
  }
  if (module === undefined) throw new WrongCommand("say which module to load");
  if (more.length > 0) throw new WrongCommand(`one module at a time, not also ${more.join(", ")}`);
  const { timeout = "30000" } = values;
  if (!/^\d{1,9}$/.test(timeout)) {
    throw new WrongCommand(`--timeout is a number of milliseconds, not "${timeout}"`);
  }
  return { name, module, timeout: Number(timeout) };
}

function parse(parameters: readonly string[]) {
  try {
    return parseArgs({
      args: [...parameters],
      options: { help: { type: "boolean" }, timeout: { type: "string" } },
      allowPositionals: true,
    });
  } catch (cause) {
    throw new WrongCommand((cause as Error).message, { cause });
  }
}
