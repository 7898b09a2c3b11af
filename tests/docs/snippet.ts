import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The TypeScript blocks of one document, each to be run by the heading that it stands under. */
export class Snippets {
  readonly text: string;
  readonly #place: string;
  readonly #running: Closing[] = [];

  constructor(file: string) {
    this.text = readFileSync(join(root, file), "utf8");
    this.#place = join(root, ".build", `${file.replaceAll(/\W+/g, "-")}-${process.pid}`);
    afterEach(async () => {
      for (const server of this.#running.splice(0)) await server.close({ timeout: 1000 });
    });
    afterAll(() => rmSync(this.#place, { recursive: true, force: true }));
  }

  /** What stands between a heading and the next one. */
  section(heading: string): string {
    const [, section] = this.text.split(new RegExp(`^##+ ${heading}$`, "m"));
    if (section === undefined) throw new Error(`there is no heading "${heading}"`);
    return section.split(/^##+ /m)[0]!;
  }

  /** Runs the block under a heading on a free port, until the end of the test; resolves with its server. */
  async run<Server>(heading: string): Promise<Server> {
    const [, block] = /^```ts\n([^]*?)^```$/m.exec(this.section(heading)) ?? [];
    if (block === undefined) throw new Error(`there is no block under "${heading}"`);
    const runnable = block
      .replace("port: 8000", "port: 0")
      .replace("const server =", "export const server =");
    mkdirSync(this.#place, { recursive: true });
    const path = join(this.#place, `${heading.replaceAll(/\W+/g, "-")}.ts`);
    writeFileSync(path, `${runnable}\nexport {};\n`);
    const { server } = (await import(/* @vite-ignore */ path)) as { server: Server & Closing };
    this.#running.push(server);
    return server;
  }
}

interface Closing {
  close(options: { timeout: number }): unknown;
}
