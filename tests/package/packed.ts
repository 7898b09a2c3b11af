import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** The checkout. */
export const root: string = dirname(dirname(import.meta.dirname));

/** What package.json says of users. */
export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
};

/** The entrances, as they are imported. */
export const entrances: readonly string[] = Object.keys(manifest.exports)
  .filter((path) => path !== "./package.json")
  .map((path) => `sluice${path.slice(1)}`);

/** An empty folder into which the packed package was installed, and nothing else. */
export class Packed {
  readonly folder: string;
  readonly tarball: string;

  private constructor(folder: string, tarball: string) {
    this.folder = folder;
    this.tarball = tarball;
  }

  /** Packs and installs, without asking a registry: dependencies are installed from the checkout. */
  static async install(): Promise<Packed> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-package-")));
    mkdirSync(join(folder, "packed"));
    await run(root, "npm", "pack", "--pack-destination", join(folder, "packed"));
    const [name = ""] = readdirSync(join(folder, "packed"));
    const packed = new Packed(folder, join(folder, "packed", name));
    packed.write("package.json", '{ "private": true, "type": "module" }\n');
    await packed.npm(folder, "install", "--ignore-scripts", "--install-links", ...packed.all);
    return packed;
  }

  /** The tarball, and what it depends on. */
  get all(): readonly string[] {
    const dependencies = Object.keys(manifest.dependencies);
    return [this.tarball, ...dependencies.map((name) => join(root, "node_modules", name))];
  }

  npm(cwd: string, ...parameters: string[]): Promise<string> {
    return run(cwd, "npm", ...parameters, "--offline", "--no-audit", "--no-fund");
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Runs Node.js there. */
  node(...parameters: string[]): Promise<string> {
    return run(this.folder, process.execPath, ...parameters);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** A program of the checkout's tools. */
export function bin(name: string): string {
  return join(root, "node_modules/.bin", name);
}

/** Runs a program to its end; resolves with its output, or rejects with all that it said. */
export async function run(cwd: string, program: string, ...parameters: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, parameters, { cwd, timeout: 50_000 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
