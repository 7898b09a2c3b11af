import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const root = dirname(import.meta.dirname);

/** One row of the table in ARCHITECTURE.md. */
interface Row {
  readonly floor: number;
  readonly room: string;
  readonly sees: readonly string[];
  readonly seesTypesOf: readonly string[];
  readonly node: readonly string[];
  readonly packages: readonly string[];
}

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const rows = readTable(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));
const sources = typeScriptFiles("src");

describe("the table in ARCHITECTURE.md", () => {
  it("has a row for every room of src", () => {
    const rooms = readdirSync(join(root, "src")).filter(
      (name) => !name.includes(".") || name.endsWith(".ts"),
    );
    expect(rooms.filter((room) => !rows.some((row) => row.room === room))).toEqual([]);
  });

  it("names rooms on lower floors only, and the ground", () => {
    const arrows = rows.flatMap((row) =>
      [...row.sees, ...row.seesTypesOf].map((room) => ({ from: row, to: rowOf(room) })),
    );
    expect(arrows.length).toBeGreaterThan(20);
    const upwards = arrows.filter(({ from, to }) => to.floor >= from.floor);
    expect(upwards.filter(({ to }) => to.room !== "errors.ts")).toEqual([]);
  });

  it("allows every import of src", () => {
    const imports = sources.flatMap(importsOf);
    expect(sources.length).toBeGreaterThan(40);
    expect(imports.length).toBeGreaterThan(sources.length);
    expect(imports.filter((each) => !isAllowed(each))).toEqual([]);
  });
});

describe("tests", () => {
  /** Folders of tests that are named after what they are for, and the room that they look into. */
  const twins: Readonly<Record<string, readonly string[]>> = {
    conformance: ["connection"],
    docs: ["server", "connect", "layers"],
    interop: ["connection"],
    types: ["application"],
    simulation: ["layers"],
  };

  it("import the entrances, the room that they test and the ground, with the tools for tests", () => {
    const imports = typeScriptFiles("tests")
      .flatMap(importsOf)
      .map((each) => ({ ...each, target: posix.join(dirname(each.file), each.specifier) }))
      .filter(({ target }) => target.startsWith("src/"));
    expect(imports.length).toBeGreaterThan(0);
    const strays = imports.filter(({ file, target }) => {
      const folder = file.split("/")[1] ?? "";
      const rooms = [...(twins[folder] ?? [folder]), "internal", "testing"];
      return target !== "src/errors.ts" && !rooms.some((room) => target.startsWith(`src/${room}/`));
    });
    expect(strays).toEqual([]);
  });
});

describe("lint", () => {
  const scratch = mkdtempSync(join(tmpdir(), "sluice-lint-"));
  afterAll(() => rmSync(scratch, { recursive: true }));

  it("reads every file of src", async () => {
    const { files } = await lint(root, "src");
    expect(files).toBeGreaterThanOrEqual(sources.length);
  }, 60_000);

  it("notices a breach of every wall, and nothing else", async () => {
    cpSync(join(root, ".oxlintrc.json"), join(scratch, ".oxlintrc.json"));
    cpSync(join(root, "tsconfig.json"), join(scratch, "tsconfig.json"));
    symlinkSync(join(root, "node_modules"), join(scratch, "node_modules"));
    const planted = new Map(rows.flatMap(plant));
    // This one can only be noticed by a linter that knows types.
    planted.set("src/testing/promise.ts", [{ code: "Promise.resolve();", breach: true }]);
    for (const [file, lines] of planted) {
      mkdirSync(dirname(join(scratch, file)), { recursive: true });
      writeFileSync(join(scratch, file), lines.map(({ code }) => `${code}\n`).join(""));
    }

    const { files, findings } = await lint(scratch, "src");

    expect(files).toBe(planted.size);
    const noticed = new Set(findings.map(({ file, line }) => `${file}:${line}`));
    const wrong = [...planted].flatMap(([file, lines]) =>
      lines
        .map(({ code, breach }, index) => ({ file, code, breach, at: `${file}:${index + 1}` }))
        .filter(({ breach, at }) => breach !== noticed.has(at)),
    );
    expect(wrong).toEqual([]);
  }, 60_000);
});

function readTable(markdown: string): Row[] {
  const cells = markdown
    .split("\n")
    .filter((line) => /^\| +\d/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const named = cells.map(([, floor = "", room = "", , imports = "", node = ""]) => ({
    floor: Number(floor),
    room: unquoted(room),
    imports: imports.split(", "),
    node,
  }));
  return named.map(({ floor, room, imports, node }) => ({
    floor,
    room,
    sees: imports.includes("every room below")
      ? named.filter((other) => other.floor < floor).map((other) => other.room)
      : imports.filter((name) => name.endsWith("`")).map(unquoted),
    seesTypesOf: imports.filter((name) => name.endsWith("` (types)")).map(unquoted),
    node:
      node === "every module"
        ? builtinModules.map((name) => `node:${name}`)
        : [...node.matchAll(/node:\w+/g)].map(([name]) => name),
    packages: [...(node.split("packages: ")[1] ?? "").matchAll(/`(.+?)`/g)].map(
      ([, name = ""]) => name,
    ),
  }));
}

function unquoted(cell: string): string {
  return cell.split("`")[1] ?? "";
}

/** The row that speaks for a path below `src/`: the longest one that fits. */
function rowOf(path: string): Row {
  const [row] = rows
    .filter(({ room }) => path === room || path.startsWith(`${room}/`))
    .sort((a, b) => b.room.length - a.room.length);
  if (row === undefined) throw new Error(`no row in ARCHITECTURE.md fits ${path}`);
  return row;
}

function isAllowed({ file, specifier, typeOnly }: Import): boolean {
  const path = posix.relative("src", file);
  const row = rowOf(path);
  if (specifier.startsWith("node:")) return row.node.includes(specifier);
  if (!specifier.startsWith(".")) return row.packages.includes(specifier);
  const target = posix.join(dirname(path), specifier);
  const [room] = target.split("/");
  if (room === undefined || room === path.split("/")[0]) return true;
  return row.sees.includes(room) || (typeOnly && row.seesTypesOf.includes(room));
}

function importsOf(file: string): Import[] {
  const code = readFileSync(join(root, file), "utf8").replace(/^\s*(\*|\/\*|\/\/).*$/gm, "");
  const statements =
    /\b(?:import|export)\s+(type\s)?[\w$\s{},*]*\bfrom\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g;
  return [...code.matchAll(statements)].map(([, type, from, alone]) => ({
    file,
    specifier: from ?? alone ?? "",
    typeOnly: type !== undefined,
  }));
}

function typeScriptFiles(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.includes("node_modules"))
    .map((path) => posix.join(directory, path));
}

interface Line {
  readonly code: string;
  readonly breach: boolean;
}

const globals = ["console", "process", "global", "globalThis"];
const time = ["setTimeout", "setInterval", "setImmediate", "Date", "performance"];

/** The globals that a file may not touch. */
function walledGlobals(path: string): string[] {
  if (path.startsWith("testing")) return [];
  if (path === "internal/clock.ts") return globals;
  if (path === "server/stderr-logger.ts") {
    return [...globals, ...time].filter((name) => name !== "process");
  }
  const own = { application: ["Buffer"], protocol: ["Promise"] };
  return [...globals, ...time, ...(own[path.split("/")[0] as keyof typeof own] ?? [])];
}

/** Files for one room with everything that it may do, and everything that it may not. */
function plant(row: Row): [file: string, lines: Line[]][] {
  const isFile = row.room.endsWith(".ts");
  const paths = isFile ? [row.room] : [`${row.room}/planted.ts`, `${row.room}/deep/planted.ts`];
  if (row.room === "internal") paths.push("internal/clock.ts");
  if (row.room === "server") paths.push("server/stderr-logger.ts");
  return paths.map((path) => [`src/${path}`, plantedLines(row, path)]);
}

function plantedLines(row: Row, path: string): Line[] {
  const up = path.includes("/") ? "../".repeat(path.split("/").length - 1) : "./";
  const [own] = row.room.split("/");
  const rooms = rows.filter(({ room }) => room !== own && room.split("/").length === 1);
  const walled = walledGlobals(path);
  return [
    ...rooms.flatMap(({ room }) => {
      const target = `${up}${room.endsWith(".ts") ? room : `${room}/target.ts`}`;
      const seen = row.sees.includes(room);
      return [
        { code: `import "${target}";`, breach: !seen },
        { code: `await import("${target}");`, breach: !seen },
        {
          code: `export type * from "${target}";`,
          breach: !seen && !row.seesTypesOf.includes(room),
        },
      ];
    }),
    ...builtinModules
      .filter((name) => !name.startsWith("_"))
      .map((name) => `node:${name}`)
      .map((name) => ({ code: `import "${name}";`, breach: !row.node.includes(name) })),
    { code: 'import "a-package";', breach: true },
    { code: 'import "@a/package/file.js";', breach: true },
    { code: 'import "sluice";', breach: true },
    ...rows
      .flatMap(({ packages }) => packages)
      .map((name) => ({ code: `import "${name}";`, breach: !row.packages.includes(name) })),
    ...[...globals, ...time, "Buffer", "Promise"].map((name) => ({
      code: `void ${name};`,
      breach: walled.includes(name),
    })),
  ];
}

interface Finding {
  readonly file: string;
  readonly line: number;
}

/** Runs oxlint; resolves with how many files it read and what it found at our walls. */
async function lint(
  cwd: string,
  path: string,
): Promise<{ files: number; findings: readonly Finding[] }> {
  const oxlint = join(root, "node_modules/.bin/oxlint");
  const output = await new Promise<string>((resolve) => {
    const options = { cwd, maxBuffer: 64 * 1024 * 1024 };
    execFile(oxlint, ["--format", "json", path], options, (_error, stdout) => resolve(stdout));
  });
  const report = JSON.parse(output) as {
    number_of_files: number;
    diagnostics: { code?: string; filename: string; labels: { span: { line: number } }[] }[];
  };
  const findings = report.diagnostics
    .filter(({ code }) => /no-restricted-|no-floating-promises/.test(code ?? ""))
    .map(({ filename, labels }) => ({ file: filename, line: labels[0]?.span.line ?? 0 }));
  return { files: report.number_of_files, findings };
}
