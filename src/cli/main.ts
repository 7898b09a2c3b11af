#!/usr/bin/env node
/** The program `sluice`: exits with 0 when it did what it was asked, 2 when it was asked wrongly. */
import process from "node:process";
import { serveCluster } from "./cluster-command.ts";
import { type Command, help, readCommandLine } from "./command-line.ts";
import { newProject } from "./new-command.ts";
import { ownPackage } from "./own-package.ts";
import { serveModule } from "./serve-command.ts";
import { runWorkers } from "./worker-command.ts";
import { WrongCommand } from "./wrong-command.ts";

try {
  const command = readCommandLine(process.argv.slice(2));
  const code = await run(command);
  // Whatever the module still holds open, a client for example, ends here.
  if (code !== undefined) process.exit(code);
} catch (error) {
  if (error instanceof WrongCommand) {
    process.stderr.write(`sluice: ${error.message}; see sluice --help\n`);
    process.exit(2);
  }
  // The module's own: whoever wrote it wants to know where.
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

/** Resolves with the exit code; undefined if the module ends by itself. */
async function run(command: Command): Promise<number | undefined> {
  switch (command.name) {
    case "help":
      process.stdout.write(help);
      return 0;
    case "version":
      process.stdout.write(`${ownPackage().version}\n`);
      return 0;
    case "new":
      newProject(command.folder);
      return 0;
    case "worker":
      await runWorkers(command.module, command.timeout);
      return 0;
    case "serve": {
      const { module, workers, timeout } = command;
      if (workers !== undefined) return serveCluster(module, workers, timeout);
      return (await serveModule(module, timeout)) ? 0 : undefined;
    }
  }
}
