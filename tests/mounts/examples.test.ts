import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mounts, runInMounts } from "./mount.ts";

const root = join(mounts, "../..");
const howTo = "docs/how-to";

const names = readdirSync(mounts, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !["node_modules", "sessions"].includes(entry.name))
  .map(({ name }) => name);

describe("the examples", () => {
  test("are eight", () => {
    const frameworks = ["express", "fastify", "hono", "koa", "nestjs", "next", "node-http", "vite"];
    expect(names.sort()).toEqual(frameworks);
  });

  test("are right to the compiler", { timeout: 60_000 }, async () => {
    expect(await runInMounts("npm", "run", "--silent", "types")).toBe("");
  });

  test("use the real packages, each in one version and no other", () => {
    const { dependencies, devDependencies } = json("package.json") as Manifest;
    const { sluice, ...versions } = { ...dependencies, ...devDependencies };
    expect(sluice).toBe("file:../..");
    expect(Object.values(versions).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual(
      [],
    );
  });
});

describe("the lockfile of the examples", () => {
  const { lockfileVersion, packages } = json("package-lock.json") as Lockfile;

  test("names no host, so that every registry will do", () => {
    expect(lockfileVersion).toBe(3);
    const resolved = Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(resolved).toEqual([["node_modules/sluice", { resolved: "../..", link: true }]]);
  });

  test("knows the frameworks' programs for every platform, not only for the one that wrote it", () => {
    const optional = Object.values(packages).flatMap((entry) =>
      Object.keys(entry.optionalDependencies ?? {}),
    );
    const paths = Object.keys(packages);
    const missing = optional.filter((name) => !paths.some((path) => path.endsWith(`/${name}`)));
    expect(optional.length).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });
});

describe("the how-to", () => {
  const pages = ["mounting.md", ...names.map((name) => `mounting/${name}.md`)];

  test("has a page for each example, and leads to it", () => {
    const overview = read("mounting.md");
    const linked = [...overview.matchAll(/\]\((mounting\/[\w-]+\.md)\)/g)].map(([, page]) => page);
    expect(linked.sort()).toEqual(pages.slice(1).sort());
    expect(readdirSync(join(root, howTo, "mounting")).length).toBe(names.length);
  });

  test.each(pages)("%s shows files as they are", (page) => {
    const shown = [...read(page).matchAll(/^```\w+ (\S+)\n([^]*?)^```$/gm)];
    expect(shown.length).toBeGreaterThan(0);
    for (const [, path = "", text] of shown) {
      expect(text, path).toBe(readFileSync(join(root, path), "utf8"));
    }
  });
});

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

interface Lockfile {
  readonly lockfileVersion: number;
  readonly packages: Record<
    string,
    { readonly resolved?: string; readonly optionalDependencies?: Record<string, string> }
  >;
}

function json(file: string): unknown {
  return JSON.parse(readFileSync(join(mounts, file), "utf8"));
}

function read(page: string): string {
  return readFileSync(join(root, howTo, page), "utf8");
}
