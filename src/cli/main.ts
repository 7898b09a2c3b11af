#!/usr/bin/env node
/** The program `sluice`: exits with 0 when it did what it was asked, 2 when it was asked wrongly. */
import process from "node:process";
import { help, readCommandLine } from "./command-line.ts";
import { runWorkers } from "./worker-command.ts";
import { WrongCommand } from "./wrong-command.ts";

try {
  const command = readCommandLine(process.argv.slice(2));
  if (command.name === "help") process.stdout.write(help);
  else await runWorkers(command.module, command.timeout);
  // Whatever the module still holds open, a client for example, ends here.
  process.exit(0);
} catch (error) {
  if (error instanceof WrongCommand) {
    process.stderr.write(`sluice: ${error.message}; see sluice --help\n`);
    process.exit(2);
  }
  // The module's own: whoever wrote it wants to know where.
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
