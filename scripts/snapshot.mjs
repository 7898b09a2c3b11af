/**
 * Content-addressed builds.
 *
 * A snapshot is a complete, runnable package in `.build/<hash of its inputs>/`: `package.json`,
 * `dist/` and the compiled `examples/tutorial/`, `compliance/`, `fuzz/`, `benchmarks/` and `brokers/`,
 * whose `import "sluice"` resolves to the `dist/` beside them. It is made aside and put in place by one
 * rename, so that a snapshot is either whole or not there, however many processes build at once and
 * wherever one of them is killed.
 */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** The checkout that this script belongs to. */
export const root = dirname(import.meta.dirname);

const store = join(root, ".build");

/** Everything that decides what a snapshot holds. */
const inputs = [
  "src",
  "examples/tutorial",
  "compliance",
  "fuzz",
  "benchmarks",
  "brokers",
  "scripts",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.build.json",
];

const day = 24 * 60 * 60 * 1000;

/** Builds what the checkout holds now, unless that was done before; resolves with its directory. */
export async function ensureSnapshot() {
  mkdirSync(store, { recursive: true });
  for (let attempt = 0; attempt < 5; attempt++) {
    const hash = digest(root, inputs);
    const snapshot = join(store, hash);
    if (existsSync(snapshot) || (await make(snapshot, hash))) {
      touch(snapshot);
      prune(snapshot);
      return snapshot;
    }
  }
  throw new Error("the sources changed during each of 5 builds");
}

/** Marks a snapshot as used, which keeps it from being pruned for a day. */
export function touch(snapshot) {
  const now = new Date();
  if (existsSync(snapshot)) utimesSync(snapshot, now, now);
}

/** One hash of all files below `base`, or of those in `paths` only: their names and their bytes. */
export function digest(base, paths = ["."]) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap((path) => files(base, path)).sort()) {
    const bytes = readFileSync(join(base, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex").slice(0, 16);
}

/** A path that nobody else uses, for what is not finished yet or not needed any more. */
export function temporaryPath() {
  return join(store, `tmp-${process.pid}-${randomBytes(4).toString("hex")}`);
}

/** Makes one snapshot; false when the sources changed meanwhile and so are not what `hash` names. */
async function make(snapshot, hash) {
  const temporary = temporaryPath();
  const interruption = catchSignals();
  try {
    mkdirSync(temporary);
    await compile(temporary, interruption.signal);
    renameSync(join(temporary, "src"), join(temporary, "dist"));
    cpSync(join(root, "package.json"), join(temporary, "package.json"));
    cpSync(join(root, "examples/tutorial"), join(temporary, "examples/tutorial"), {
      recursive: true,
      filter: (path) => !path.endsWith(".ts"),
    });
    if (digest(root, inputs) !== hash) return false;
    place(temporary, snapshot);
    return true;
  } finally {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
    interruption.release();
  }
}

/** Turns a signal that would end this process into an abort, and sends it again on `release`. */
function catchSignals() {
  const names = ["SIGINT", "SIGTERM", "SIGHUP"];
  const controller = new AbortController();
  const abort = (name) => controller.abort(name);
  for (const name of names) process.on(name, abort);
  return {
    signal: controller.signal,
    release() {
      for (const name of names) process.off(name, abort);
      if (controller.signal.aborted) process.kill(process.pid, controller.signal.reason);
    },
  };
}

/** Renames a finished directory to its final name, unless another process was first. */
function place(temporary, snapshot) {
  try {
    renameSync(temporary, snapshot);
  } catch (error) {
    if (!existsSync(snapshot)) throw error;
  }
}

/** Runs the compiler, in a process group of its own: it starts a second process. */
async function compile(directory, signal) {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const project = join(root, "tsconfig.build.json");
  const compiler = spawn(process.execPath, [tsc, "-p", project, "--outDir", directory], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  signal.addEventListener("abort", () => process.kill(-compiler.pid, "SIGKILL"));
  const [code] = await once(compiler, "close");
  if (code !== 0) throw new Error("the sources do not compile");
}

/**
 * Removes what killed processes left, and all but the three youngest snapshots, unless they were
 * used within a day. What is removed is renamed first: nobody ever sees half a snapshot.
 */
function prune(current) {
  const entries = readdirSync(store).map((name) => ({ name, time: modified(join(store, name)) }));
  const isTemporary = ({ name }) => name.startsWith("tmp-");
  const abandoned = entries.filter((entry) => isTemporary(entry) && !isRunning(owner(entry.name)));
  const old = entries
    .filter((entry) => !isTemporary(entry) && join(store, entry.name) !== current)
    .sort((a, b) => b.time - a.time)
    .slice(2)
    .filter(({ time }) => Date.now() - time > day);
  for (const { name } of [...abandoned, ...old]) {
    const temporary = temporaryPath();
    try {
      renameSync(join(store, name), temporary);
    } catch {
      continue; // Another process removes it.
    }
    rmSync(temporary, { recursive: true, force: true });
  }
}

function owner(temporaryName) {
  return Number(temporaryName.split("-")[1]);
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** What lies among the inputs and is none: packages that rivals need, and what was measured. */
const outsiders = new Set(["node_modules", "results"]);

function files(base, path) {
  if (!statSync(join(base, path)).isDirectory()) return [path];
  return readdirSync(join(base, path))
    .filter((name) => !outsiders.has(name))
    .flatMap((name) => files(base, join(path, name)));
}
