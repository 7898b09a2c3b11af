import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Where packages are installed: those of the project itself, and those that only rivals need, which
 * have a lockfile of their own.
 */
export class Packages {
  /** The folder of the rivals' own packages. */
  readonly own: string;
  readonly #project: string;

  constructor(checkout: string) {
    this.#project = checkout;
    this.own = join(checkout, "benchmarks");
  }

  /** Installs the rivals' own packages, as their lockfile has them; returns whether that went well. */
  install(): boolean {
    // None of them needs a script of its own: the native ones bring their binaries.
    const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], {
      cwd: this.own,
      stdio: "inherit",
    });
    return status === 0;
  }

  /** The version of a package of the project. */
  projectVersion(name: string): string | undefined {
    return versionIn(this.#project, name);
  }

  /** The version of a package that was installed for rivals; undefined when it was not. */
  ownVersion(name: string): string | undefined {
    return versionIn(this.own, name);
  }

  /** The path of a file in a package that was installed for rivals. */
  ownFile(name: string, file: string): string {
    return join(this.own, "node_modules", name, file);
  }
}

function versionIn(folder: string, name: string): string | undefined {
  const manifest = join(folder, "node_modules", name, "package.json");
  if (!existsSync(manifest)) return undefined;
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
