import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

/** The first of these tests may have to build. */
const patience = 60_000;

const folder = mkdtempSync(join(tmpdir(), "sluice-worker-"));
const running: ChildProcess[] = [];
let dist: string;

beforeAll(async () => {
  const scripts = join(import.meta.dirname, "../../scripts");
  const { ensureSnapshot } = (await import(join(scripts, "snapshot.mjs"))) as Snapshots;
  dist = join(await ensureSnapshot(), "dist");
}, patience);
afterEach(() => {
  for (const program of running.splice(0)) program.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Snapshots {
  ensureSnapshot(): Promise<string>;
}

/** Starts `sluice worker` with a module; what it prints comes line by line. */
function start(text: string, ...parameters: string[]) {
  return run(text, process.execPath, [join(dist, "cli/main.js"), "worker", module, ...parameters]);
}

/** Starts it as npm runs a script: in a shell, which is what npm sends its signals to. */
function startScript(text: string) {
  // The second command keeps a shell from giving its place to the first one.
  const script = `"${process.execPath}" "${join(dist, "cli/main.js")}" worker ${module}; :`;
  return run(text, "sh", ["-c", script], { npm_lifecycle_event: "start" });
}

const module = "jobs.mjs";

function run(text: string, command: string, parameters: readonly string[], environment = {}) {
  const entrance = JSON.stringify(pathToFileURL(join(dist, "index.js")).href);
  writeFileSync(join(folder, module), `import * as sluice from ${entrance};\n${text}`);
  const program = spawn(command, parameters, {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  running.push(program);
  let output = "";
  program.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
  program.stderr.on("data", (chunk: Buffer) => (output += String(chunk)));
  const ended = once(program, "close").then(([code]) => code as number | null);
  const printed = async (line: string) => {
    while (!output.includes(`${line}\n`)) {
      await Promise.race([once(program.stdout, "data"), ended.then(() => Promise.reject(output))]);
    }
  };
  return { program, printed, ended, output: () => output };
}

const jobs = (handler: string) => `
const layer = sluice.memoryLayer();
export const shop = sluice.worker({ "shop.make": ${handler} }, layer);
await layer.send("shop", { type: "shop.make", id: 7 });
`;

describe("sluice", { timeout: patience }, () => {
  const sluice = (...parameters: string[]) =>
    spawnSync(process.execPath, [join(dist, "cli/main.js"), ...parameters], {
      cwd: folder,
      encoding: "utf8",
    });

  test("--version prints the version of the package", () => {
    const text = readFileSync(join(import.meta.dirname, "../../package.json"), "utf8");
    const { version } = JSON.parse(text) as { readonly version: string };
    expect(sluice("--version")).toMatchObject({ stdout: `${version}\n`, stderr: "", status: 0 });
  });

  test.each([["serve"], ["serve", "--workers", "2"], ["worker"]])(
    "%s: says in one line where there is no file",
    (...command) => {
      const path = join(realpathSync(folder), "nope.js");
      const stderr = `sluice: there is no file ${path}; see sluice --help\n`;
      expect(sluice(...command, "nope.js")).toMatchObject({ stdout: "", stderr, status: 2 });
    },
  );

  test("says in one line that Node.js does not run a file", () => {
    writeFileSync(join(folder, "jobs.text"), "");
    const { node } = process.versions;
    const stderr = `sluice: Node.js ${node} does not run jobs.text: what is not JavaScript has to be compiled first; see sluice --help\n`;
    expect(sluice("serve", "jobs.text")).toMatchObject({ stderr, status: 2 });
  });

  test("leaves it to Node.js to say which import of a module is not there", () => {
    writeFileSync(join(folder, "lost.mjs"), 'import "./elsewhere.mjs";');
    const { stderr, status } = sluice("serve", "lost.mjs");
    expect(stderr).toContain("elsewhere.mjs' imported from");
    expect(status).toBe(1);
  });
});

describe("sluice worker", { timeout: patience }, () => {
  test("runs a module's workers until SIGTERM, and waits for what is at work", async () => {
    const { program, printed, ended, output } = start(
      jobs(`async ({ id }) => {
        console.log("make", id);
        await new Promise((resolve) => process.once("SIGTERM", () => setTimeout(resolve, 50)));
        console.log("made", id);
      }`),
    );
    await printed("make 7");
    await printed("sluice reads shop");
    program.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(output()).toContain("SIGTERM: stopping\nmade 7\n");
  });

  test("waits no longer than it is told", async () => {
    const hanging = jobs('() => (console.log("hanging"), new Promise(() => {}))').replace(
      "layer);",
      "layer, { onError: ({ code }) => console.log(code) });",
    );
    const { program, printed, ended, output } = start(hanging, "--timeout", "10");
    await printed("sluice reads shop");
    program.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(output()).toContain("SIGINT: stopping\nERR_HANDLER_TIMEOUT\n");
  });

  test("stops with the shell of an npm script, which passes no signal on", async () => {
    const { program, printed, ended, output } = startScript(jobs("() => {}"));
    await printed("sluice reads shop");
    program.kill("SIGTERM");
    await ended;
    expect(output()).toContain("the npm script has ended: stopping\n");
  });

  test("says what is wrong with the module, and ends", async () => {
    const none = start("export const nothing = 1;");
    expect(await none.ended).toBe(2);
    expect(none.output()).toBe("sluice: jobs.mjs exports no worker; see sluice --help\n");

    const faulty = start('throw new Error("as told");');
    expect(await faulty.ended).toBe(1);
    expect(faulty.output()).toContain("Error: as told\n    at file:");
  });
});
