import { statSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { WrongCommand } from "./wrong-command.ts";

/** What may stand behind the name of a module that was left out. */
const endings = [".js", ".mjs", ".ts", ".mts"];

/**
 * Finds the file of a module that the command line names.
 * @returns its URL, to be imported.
 * @throws WrongCommand where there is none.
 */
export function findModule(module: string): string {
  const path = resolve(module);
  const kind = kindOf(path);
  if (kind === "nothing") {
    const ending = endings.find((each) => kindOf(path + each) === "file");
    const hint = ending === undefined ? "" : `; did you mean ${module}${ending}?`;
    throw new WrongCommand(`there is no file ${path}${hint}`);
  }
  if (kind === "folder") throw new WrongCommand(`${module} is a folder: name the file to load`);
  return pathToFileURL(path).href;
}

/**
 * Loads a module that the command line names; what it throws itself, the promise rejects with.
 * @throws WrongCommand (as a rejection) where there is no file, or one that Node.js does not run.
 */
export async function loadModule(module: string): Promise<Readonly<Record<string, unknown>>> {
  const url = findModule(module);
  try {
    return (await import(url)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const { code, message } = Object(cause) as Partial<NodeJS.ErrnoException>;
    // The module's own imports may fail in the same way, which is not for the command line to say.
    if (code !== "ERR_UNKNOWN_FILE_EXTENSION" || message?.endsWith(resolve(module)) !== true) {
      throw cause;
    }
    const { node } = process.versions;
    throw new WrongCommand(
      `Node.js ${node} does not run ${module}: what is not JavaScript has to be compiled first`,
      { cause },
    );
  }
}

function kindOf(path: string): "file" | "folder" | "nothing" {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return "nothing";
  return found.isDirectory() ? "folder" : "file";
}
