import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const project = join(import.meta.dirname, "../..");

/**
 * Compiles programs by their names, each with the same lines before it, and resolves with what the
 * compiler says of each that it does not take. They import "sluice" as a user does.
 */
export async function compile(
  programs: Readonly<Record<string, string>>,
  before: string,
): Promise<ReadonlyMap<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-programs-"));
  try {
    for (const [name, program] of Object.entries(programs)) {
      await writeFile(join(directory, `${name}.ts`), `${before}\n${program}\nexport {};\n`);
    }
    await writeFile(join(directory, "package.json"), '{ "type": "module" }');
    await writeFile(join(directory, "tsconfig.json"), JSON.stringify(configuration));
    return messages(await run(directory));
  } finally {
    await rm(directory, { recursive: true });
  }
}

const configuration = {
  extends: join(project, "tsconfig.json"),
  compilerOptions: {
    typeRoots: [join(project, "node_modules/@types")],
    paths: { sluice: [join(project, "src/index.ts")] },
    // A program need not use everything that is imported before it, nor be a library.
    noUnusedLocals: false,
    declaration: false,
    isolatedDeclarations: false,
  },
  include: ["*.ts"],
};

async function run(directory: string): Promise<string> {
  const compiler = join(project, "node_modules/typescript/bin/tsc");
  const args = [compiler, "-p", directory, "--pretty", "false"];
  return promisify(execFile)(process.execPath, args, { cwd: directory }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  );
}

/** One error is a line "name.ts(1,2): error TS…" and the indented lines below it. */
function messages(output: string): Map<string, string> {
  const said = new Map<string, string>();
  for (const error of output.split(/\n(?=\S)/)) {
    const name = /^(\w+)\.ts\(/.exec(error)?.[1] ?? "";
    said.set(name, `${said.get(name) ?? ""}${error}\n`);
  }
  return said;
}
