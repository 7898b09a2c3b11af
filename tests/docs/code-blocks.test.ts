import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { natsProgram, NatsServer } from "../../brokers/nats-server.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const place = join(root, ".build", `docs-${process.pid}`);

const files = ["README.md", "README.zh-CN.md", ...documents("docs")];
const blocks = files.flatMap((file) => codeBlocks(file));

/** What blocks connect to, where they say NATS's usual address. */
let nats: NatsServer | undefined;
const natsAddress = "127.0.0.1:4222";
const hasNats = natsProgram !== "" || process.env.CI === "true";

describe("every TypeScript block of the README and the docs", () => {
  beforeAll(async () => {
    if (hasNats) nats = await NatsServer.start();
  });
  afterAll(async () => {
    rmSync(place, { recursive: true, force: true });
    await nats?.stop();
  });

  it("is found", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(3);
  });

  it("compiles", () => {
    writeBlocks();
    const tsc = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", place], { encoding: "utf8" });
    expect(tsc.stdout).toBe("");
    expect(tsc.status).toBe(0);
  }, 60_000);

  it.for(blocks)("runs: $file, block $number", async ({ name, text }, { skip }) => {
    if (text.includes(natsAddress) && !hasNats) skip("nats-server is not installed");
    writeBlocks();
    const module = (await import(/* @vite-ignore */ join(place, `${name}.ts`))) as Exported;
    await module.server?.close({ timeout: 0 });
    await module.layer?.close();
    await module.connection?.close();
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
  readonly connection?: { close(): Promise<void> };
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

/** A block is run as it stands, but on free ports, and what it opens can be closed. */
function writeBlocks(): void {
  mkdirSync(place, { recursive: true });
  for (const { name, text } of blocks) {
    const runnable = text
      .replaceAll("port: 8000", "port: 0")
      .replaceAll(natsAddress, `127.0.0.1:${nats?.port}`)
      .replaceAll(/^const (server|layer|connection) =/gm, "export const $1 =");
    writeFileSync(join(place, `${name}.ts`), `${runnable}\nexport {};\n`);
  }
  const configuration = {
    extends: "../../tsconfig.json",
    compilerOptions: { isolatedDeclarations: false, declaration: false },
    include: ["*.ts"],
  };
  writeFileSync(join(place, "tsconfig.json"), JSON.stringify(configuration));
}
