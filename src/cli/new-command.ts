import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { home, ownPackage } from "./own-package.ts";
import { print } from "./print.ts";
import { copiedFiles, projectFiles, stripsTypes } from "./project-files.ts";
import { shellWord } from "./shell-word.ts";
import { WrongCommand } from "./wrong-command.ts";

const template = new URL("templates/chat/", home);

/**
 * Makes a folder with a chat, its test, and the commands to run both. Node.js 22.18 and newer run its
 * TypeScript as it is; for an older one there is a step that compiles it.
 * @throws WrongCommand for a folder that has something in it, and for one that cannot be made.
 */
export function newProject(folder: string): void {
  const place = resolve(folder);
  const plan = {
    name: packageName(basename(place)),
    versions: versions(),
    stripsTypes: stripsTypes(process.versions.node),
  };
  makeEmpty(place, folder);
  for (const name of copiedFiles) copyFileSync(new URL(name, template), join(place, name));
  for (const [name, text] of projectFiles(plan)) writeFileSync(join(place, name), text);
  print(`${folder} has ${copiedFiles.join(", ")}.`);
  print(
    plan.stripsTypes
      ? `Node.js ${process.versions.node} runs TypeScript as it is: nothing has to be built.`
      : `Node.js ${process.versions.node} does not run TypeScript: both commands compile it first.`,
  );
  print(`\n  cd ${shellWord(folder, process.platform)}\n  npm install\n  npm test\n  npm start`);
}

function makeEmpty(place: string, folder: string): void {
  let found: readonly string[];
  try {
    mkdirSync(place, { recursive: true });
    found = readdirSync(place);
  } catch (cause) {
    throw new WrongCommand(`${folder} cannot be made: ${(cause as Error).message}`, { cause });
  }
  if (found.length === 0) return;
  throw new WrongCommand(`${folder} is not empty, it has ${found[0]}: choose a new folder`);
}

/** What npm takes as a name: a folder may be called anything. */
function packageName(folder: string): string {
  const name = folder.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-");
  return name.replaceAll(/^-+|-+$/g, "") || "chat";
}

/** Ours, and those of the tools that we are tested with. */
function versions() {
  const { version, devDependencies } = ownPackage();
  return {
    sluice: `^${version}`,
    typescript: `^${devDependencies["typescript"]}`,
    nodeTypes: `^${devDependencies["@types/node"]}`,
  };
}
