import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { watch } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = dirname(dirname(import.meta.dirname));

/** A checkout with our scripts and configuration, and with sources that compile quickly. */
let checkout: string;

beforeEach(() => {
  checkout = realpathSync(mkdtempSync(join(tmpdir(), "sluice-checkout-")));
  for (const path of ["scripts", "package.json", "package-lock.json"]) {
    cpSync(join(root, path), join(checkout, path), { recursive: true });
  }
  for (const path of ["tsconfig.json", "tsconfig.build.json"]) {
    cpSync(join(root, path), join(checkout, path));
  }
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
  write("src/greeting.ts", 'export const greeting: string = "hello";\n');
  write("src/index.ts", 'export { greeting } from "./greeting.ts";\n');
  write("compliance/main.ts", "export {};\n");
  write("fuzz/main.ts", "export {};\n");
  write("benchmarks/main.ts", "export {};\n");
  write("brokers/broker.ts", "export {};\n");
  write("examples/tutorial/public/index.html", "<!doctype html>\n");
  write(
    "examples/tutorial/main.ts",
    `import { greeting } from "sluice";
     const facts = { greeting, pid: process.pid, main: import.meta.url, sluice: import.meta.resolve("sluice") };
     console.log(JSON.stringify(facts));\n`,
  );
});

afterEach(() => rmSync(checkout, { recursive: true }));

describe("start", () => {
  it("runs the example in its own process, on the snapshot's own dist", async () => {
    const start = run("start");
    const { output } = await ended(start);
    const [snapshot = ""] = snapshots();
    const directory = `file://${checkout}/.build/${snapshot}`;
    expect(JSON.parse(output)).toEqual({
      greeting: "hello",
      pid: start.pid,
      main: `${directory}/examples/tutorial/main.js`,
      sluice: `${directory}/dist/index.js`,
    });
  });

  it("runs from one whole snapshot when several start at once", async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => ended(run("start"))));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const mains = new Set(
      results.map(({ output }) => (JSON.parse(output) as { main: string }).main),
    );
    expect(mains.size).toBe(1);
    expect(buildDirectory()).toHaveLength(1);
  });

  it("does not notice that another one is killed in the middle of its build", async () => {
    const victim = run("start");
    await isBuilding(victim);
    const others = [run("start"), run("start")];
    victim.kill("SIGKILL");
    const results = await Promise.all(others.map(ended));
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect((await ended(victim)).signal).toBe("SIGKILL");

    expect((await ended(run("build"))).code).toBe(0);
    expect(buildDirectory()).toEqual(snapshots());
  });
});

describe("build", () => {
  it("makes dist what the sources say, and removes what they say no more", async () => {
    expect((await ended(run("build"))).code).toBe(0);
    expect(readdirSync(join(checkout, "dist")).sort()).toEqual([
      "greeting.d.ts",
      "greeting.js",
      "index.d.ts",
      "index.js",
    ]);

    write("src/index.ts", "export const answer: number = 42;\n");
    write("examples/tutorial/main.ts", "");
    rmSync(join(checkout, "src/greeting.ts"));
    expect((await ended(run("build"))).code).toBe(0);
    expect(readdirSync(join(checkout, "dist")).sort()).toEqual(["index.d.ts", "index.js"]);
    expect(read("dist/index.js")).toBe("export const answer = 42;\n");
    expect(snapshots()).toHaveLength(2);
  });

  it("copies what the example serves", async () => {
    await ended(run("build"));
    const [snapshot] = snapshots();
    expect(read(`.build/${snapshot}/examples/tutorial/public/index.html`)).toBe(
      "<!doctype html>\n",
    );
  });

  it("fails when the sources do not compile, leaves nothing behind and keeps dist", async () => {
    await ended(run("build"));
    const before = { dist: read("dist/index.js"), snapshots: snapshots() };
    write("src/index.ts", "export const answer: number = 'none';\n");
    const { code, output } = await ended(run("build"));
    expect(code).toBe(1);
    expect(output).toContain("src/index.ts");
    expect(buildDirectory()).toEqual(before.snapshots);
    expect(read("dist/index.js")).toBe(before.dist);
  });

  it("leaves nothing behind when a signal ends it", async () => {
    const build = run("build");
    await isBuilding(build);
    build.kill("SIGTERM");
    expect((await ended(build)).signal).toBe("SIGTERM");
    expect(buildDirectory()).toEqual([]);
  });

  it("keeps three snapshots, and those that were used within a day", async () => {
    const daysAgo = (days: number) => Date.now() / 1000 - days * 24 * 60 * 60;
    const ages = { aaa: 0.5, bbb: 0.6, ccc: 0.7, ddd: 2, eee: 3 };
    for (const [name, age] of Object.entries(ages)) {
      mkdirSync(join(checkout, ".build", name), { recursive: true });
      utimesSync(join(checkout, ".build", name), daysAgo(age), daysAgo(age));
    }
    await ended(run("build"));
    const names = buildDirectory();
    expect(names).toHaveLength(4);
    expect(names).toEqual(expect.arrayContaining(["aaa", "bbb", "ccc"]));
  });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(checkout, path)), { recursive: true });
  writeFileSync(join(checkout, path), text);
}

function read(path: string): string {
  return readFileSync(join(checkout, path), "utf8");
}

function buildDirectory(): string[] {
  return readdirSync(join(checkout, ".build"));
}

function snapshots(): string[] {
  return buildDirectory().filter((name) => !name.startsWith("tmp-"));
}

function run(script: "start" | "build"): ChildProcess {
  return spawn(process.execPath, [join(checkout, `scripts/${script}.mjs`)], { cwd: checkout });
}

/** Resolves with how a script ended and with everything that it wrote. */
async function ended(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; output: string }> {
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once("close", resolve));
  }
  return { code: child.exitCode, signal: child.signalCode, output };
}

/** Resolves once a script that was just started has begun to make a snapshot. */
async function isBuilding(child: ChildProcess): Promise<void> {
  mkdirSync(join(checkout, ".build"), { recursive: true });
  for await (const { filename } of watch(join(checkout, ".build"))) {
    if (filename?.startsWith(`tmp-${child.pid}-`)) return;
  }
}
