import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll } from "vitest";
import { Client } from "../tutorial/client.ts";

const root = join(import.meta.dirname, "../..");

/** Where the examples and their packages are. */
export const mounts: string = join(root, "examples/mounts");

const neighbour = join(import.meta.dirname, "neighbour.mjs");

/** How an example is started, beyond its name. */
export interface MountOptions {
  /** Puts a WebSocket server of somebody else on the same HTTP server. */
  readonly neighbour?: boolean;
  readonly production?: boolean;
}

/** One example, started as its README says, on a free port. It ends with the file's tests. */
export class Mount {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #errors: readonly string[];

  private constructor(url: string, process: ChildProcess, errors: readonly string[]) {
    this.url = url;
    this.#process = process;
    this.#errors = errors;
  }

  /** Resolves when the example has printed its URL. */
  static async start(name: string, options: MountOptions = {}): Promise<Mount> {
    const preloads = [...(options.neighbour === true ? [neighbour] : []), "tsx"];
    const child = spawn(
      process.execPath,
      [...preloads.flatMap((preload) => ["--import", preload]), `${name}/server.ts`],
      { cwd: mounts, env: environment(options), stdio: ["ignore", "pipe", "pipe"] },
    );
    running.push(child);
    const errors: string[] = [];
    createInterface(child.stderr).on("line", (line) => errors.push(line));
    for await (const line of createInterface(child.stdout)) {
      if (/^http:\S+$/.test(line)) {
        child.stdout.resume();
        return new Mount(line, child, errors);
      }
    }
    throw new Error(`${name} ended and printed no URL:\n${errors.join("\n")}`);
  }

  /** The same address for WebSockets. */
  socketUrl(path: string): string {
    return this.url.replace(/^http/, "ws") + path;
  }

  get(path: string): Promise<Response> {
    return fetch(this.url + path);
  }

  open(path: string): Promise<Client> {
    return Client.open(this.socketUrl(path));
  }

  /** Connects in vain and resolves with the HTTP status of the refusal. */
  refused(path: string): Promise<number | undefined> {
    return Client.refused(this.socketUrl(path));
  }

  /** Sends SIGTERM and resolves with how the process ended, and what it complained of. */
  async terminate(): Promise<{ code: number | null; errors: readonly string[] }> {
    this.#process.kill("SIGTERM");
    const [code] = (await once(this.#process, "close")) as [number | null];
    return { code, errors: this.#errors };
  }
}

/** Runs a command in the folder of the examples; resolves with what it printed. */
export async function runInMounts(program: string, ...parameters: string[]): Promise<string> {
  const env = environment({ production: true });
  try {
    return (await promisify(execFile)(program, parameters, { cwd: mounts, env })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Nothing of the test runner: the frameworks ask the environment what they are in. */
function environment({ production = false }: MountOptions): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return {
    PATH,
    HOME,
    PORT: "0",
    NEXT_TELEMETRY_DISABLED: "1",
    ...(production ? { NODE_ENV: "production" } : {}),
  };
}

const running: ChildProcess[] = [];

beforeAll(async () => {
  if (!existsSync(join(mounts, "node_modules"))) {
    throw new Error("examples/mounts is not installed: `npm ci` there, or `npm test` here");
  }
  // The examples import the package as it is built.
  await promisify(execFile)(process.execPath, [join(root, "scripts/build.mjs")]);
});

afterAll(async () => {
  const alive = running
    .splice(0)
    .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  await Promise.all(
    alive.map(async (child) => {
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
    }),
  );
});
