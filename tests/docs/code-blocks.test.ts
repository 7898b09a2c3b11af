import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const place = join(root, ".build", `docs-${process.pid}`);

const files = ["README.md", "README.zh-CN.md", ...documents("docs")];
const blocks = files.flatMap((file) => codeBlocks(file));

describe("every TypeScript block of the README and the docs", () => {
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it("is found", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(3);
  });

  it("compiles", () => {
    writeBlocks();
    const tsc = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", place], { encoding: "utf8" });
    expect(tsc.stdout).toBe("");
    expect(tsc.status).toBe(0);
  }, 60_000);

  it.each(blocks)("runs: $file, block $number", async ({ name, text }) => {
    writeBlocks();
    const module = (await import(/* @vite-ignore */ join(place, `${name}.ts`))) as Exported;
    await module.server?.close({ timeout: 0 });
    await module.layer?.close();
    expect(text).not.toBe("");
  });
});

describe("a Chinese page", () => {
  const translated = files.filter((file) => file.endsWith(".zh-CN.md"));

  it.each(translated)("has the code of the English one: %s", (file) => {
    const code = (from: string) => codeBlocks(from).map(({ text }) => withoutComments(text));
    expect(translated.length).toBeGreaterThan(10);
    expect(code(file)).toEqual(code(file.replace(".zh-CN", "")));
  });
});

/** Comments are translated, too. */
function withoutComments(code: string): string {
  return code.replaceAll(/\/\*\*.*?\*\/| *\/\/ .*$/gm, "");
}

interface Exported {
  readonly layer?: { close(): Promise<void> };
  readonly server?: { close(options: { timeout: number }): Promise<void> };
}

interface Block {
  readonly file: string;
  readonly number: number;
  readonly name: string;
  readonly text: string;
}

function documents(folder: string): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".md")).map((file) => join(folder, file));
}

function codeBlocks(file: string): Block[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match, index) => ({
    file,
    number: index + 1,
    name: `${file.replaceAll(/\W+/g, "-")}-${index + 1}`,
    text: match[1]!,
  }));
}

/** A block is run as it stands, but on a free port, and its server and layer can be closed. */
function writeBlocks(): void {
  mkdirSync(place, { recursive: true });
  for (const { name, text } of blocks) {
    const runnable = text
      .replaceAll("port: 8000", "port: 0")
      .replaceAll(/^const (server|layer) =/gm, "export const $1 =");
    writeFileSync(join(place, `${name}.ts`), `${runnable}\nexport {};\n`);
  }
  const configuration = {
    extends: "../../tsconfig.json",
    compilerOptions: { isolatedDeclarations: false, declaration: false },
    include: ["*.ts"],
  };
  writeFileSync(join(place, "tsconfig.json"), JSON.stringify(configuration));
}
