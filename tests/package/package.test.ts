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
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const root = dirname(dirname(import.meta.dirname));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  exports: Record<string, string | { default: string }>;
};
const entrances = Object.keys(manifest.exports)
  .filter((path) => path !== "./package.json")
  .map((path) => `sluice${path.slice(1)}`);

/** The packages that come along. They are installed from here, so that no registry is asked. */
const dependencies = Object.keys(manifest.dependencies);

/** An empty folder into which the packed package is installed, and nothing else. */
let folder: string;
let tarball: string;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-package-")));
  mkdirSync(join(folder, "packed"));
  await run(root, "npm", "pack", "--pack-destination", join(folder, "packed"));
  const [name = ""] = readdirSync(join(folder, "packed"));
  tarball = join(folder, "packed", name);
  write("package.json", '{ "private": true, "type": "module" }\n');
  const installed = dependencies.map((name) => join(root, "node_modules", name));
  await run(
    folder,
    "npm",
    "install",
    "--offline",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--install-links",
    tarball,
    ...installed,
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("the installed package", () => {
  it("depends on two packages, which depend on nothing", () => {
    const installed = readdirSync(join(folder, "node_modules")).filter((name) => name[0] !== ".");
    expect(installed.sort()).toEqual(["cookie", "cookie-signature", "sluice"]);
  });

  it("holds what was built and its documents, and nothing else", () => {
    const names = readdirSync(join(folder, "node_modules/sluice")).sort();
    expect(names).toEqual([
      "ARCHITECTURE.md",
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist",
      "package.json",
    ]);
    const files = readdirSync(join(folder, "node_modules/sluice/dist"), {
      recursive: true,
      withFileTypes: true,
    }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(80);
    expect(files.filter(({ name }) => !/\.(d\.ts|js)$/.test(name))).toEqual([]);
  });

  it.each(entrances)("can be imported as %s", async (entrance) => {
    const code = `console.log(Object.keys(await import("${entrance}")).length)`;
    expect(Number(await node("--input-type=module", "--eval", code))).toBeGreaterThan(0);
  });

  it.each(entrances)("can be required as %s", async (entrance) => {
    const code = `console.log(Object.keys(require("${entrance}")).length)`;
    expect(Number(await node("--input-type=commonjs", "--eval", code))).toBeGreaterThan(0);
  });

  it("shows nothing that is not an entrance", async () => {
    const code = 'import("sluice/dist/index.js").catch((error) => console.log(error.code))';
    expect(await node("--eval", code)).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED\n");
  });

  it("serves a client", async () => {
    write(
      "echo.js",
      `import { serve, WebSocketConsumer } from "sluice";
       import { WebSocket } from ${JSON.stringify(require.resolve("undici"))};
       class Echo extends WebSocketConsumer {
         receive(text) { this.send(text); }
       }
       const server = await serve({ websocket: Echo, port: 0 });
       const socket = new WebSocket(server.webSocketUrl);
       socket.onopen = () => socket.send("hello");
       socket.onmessage = async ({ data }) => {
         console.log(data);
         socket.close();
         await server.close();
       };\n`,
    );
    expect(await node("echo.js")).toBe("hello\n");
  });

  it.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])("has types for a user with module %s and resolution %s", async (module, resolution) => {
    write(
      "user.ts",
      `import { route, router, serve, WebSocketConsumer } from "sluice";
       class Echo extends WebSocketConsumer {
         override receive(text: string): void { this.send(text); }
       }
       const server = await serve({ websocket: router([route("/:room/", Echo)]) });
       const port: number = server.port;
       // @ts-expect-error A path is a string.
       route(1, Echo);
       export { port };\n`,
    );
    write(
      "tsconfig.json",
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution: resolution,
          target: "es2023",
          lib: ["es2023", "esnext.disposable"],
          strict: true,
          noEmit: true,
          types: ["node"],
          typeRoots: [join(root, "node_modules/@types")],
        },
        files: ["user.ts"],
      }),
    );
    expect(await run(folder, bin("tsc"), "-p", ".")).toBe("");
  });
});

describe("the manifest", () => {
  it("has no fault that publint finds", async () => {
    expect(await run(root, bin("publint"), tarball, "--strict")).toContain("All good!");
  });

  it("has no unused file, export or dependency that knip finds", async () => {
    expect(await run(root, bin("knip"), "--no-progress")).toBe("");
  });
});

describe("the lockfile", () => {
  const text = readFileSync(join(root, "package-lock.json"), "utf8");

  it("names no host, so that every registry will do", () => {
    expect(text).toContain('"lockfileVersion": 3');
    expect(text).not.toContain('"resolved"');
  });

  it("knows the tools' programs for every platform, not only for the one that wrote it", () => {
    const { packages } = JSON.parse(text) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const optional = Object.values(packages).flatMap((entry) =>
      Object.keys(entry.optionalDependencies ?? {}),
    );
    const paths = Object.keys(packages);
    const missing = optional.filter((name) => !paths.some((path) => path.endsWith(`/${name}`)));
    expect(optional.length).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });
});

function write(path: string, text: string): void {
  writeFileSync(join(folder, path), text);
}

function bin(name: string): string {
  return join(root, "node_modules/.bin", name);
}

function node(...parameters: string[]): Promise<string> {
  return run(folder, process.execPath, ...parameters);
}

/** Runs a program to its end; resolves with its output, or rejects with all that it said. */
async function run(cwd: string, program: string, ...parameters: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, parameters, { cwd, timeout: 50_000 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
