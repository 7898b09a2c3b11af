import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bin, entrances, Packed, root, run } from "./packed.ts";

const require = createRequire(import.meta.url);

let packed: Packed;
beforeAll(async () => {
  packed = await Packed.install();
});
afterAll(() => packed.remove());

describe("the installed package", () => {
  it("depends on two packages, which depend on nothing", () => {
    const installed = readdirSync(join(packed.folder, "node_modules")).filter(
      (name) => name[0] !== ".",
    );
    expect(installed.sort()).toEqual(["cookie", "cookie-signature", "sluice"]);
  });

  it("holds what was built and its documents, and nothing else", () => {
    const names = readdirSync(join(packed.folder, "node_modules/sluice")).sort();
    expect(names).toEqual([
      "ARCHITECTURE.md",
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "README.zh-CN.md",
      "SECURITY.md",
      "dist",
      "docs",
      "package.json",
      "templates",
    ]);
    const files = readdirSync(join(packed.folder, "node_modules/sluice/dist"), {
      recursive: true,
      withFileTypes: true,
    }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(80);
    expect(files.filter(({ name }) => !/\.(d\.ts|js)$/.test(name))).toEqual([]);
  });

  it("has documents whose links lead to files that are there", () => {
    const installed = join(packed.folder, "node_modules/sluice");
    const documents = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".md"),
    );
    const links = documents.flatMap((file) =>
      linksIn(readFileSync(join(installed, file), "utf8")).map((link) => ({ file, link })),
    );
    expect(links.length).toBeGreaterThan(50);
    const dead = links.filter(
      ({ file, link }) => !existsSync(join(installed, dirname(file), link)),
    );
    expect(dead).toEqual([]);
  });

  it.each(entrances)("can be imported as %s", async (entrance) => {
    const code = `console.log(Object.keys(await import("${entrance}")).length)`;
    expect(Number(await packed.node("--input-type=module", "--eval", code))).toBeGreaterThan(0);
  });

  it.each(entrances)("can be required as %s", async (entrance) => {
    const code = `console.log(Object.keys(require("${entrance}")).length)`;
    expect(Number(await packed.node("--input-type=commonjs", "--eval", code))).toBeGreaterThan(0);
  });

  it("shows nothing that is not an entrance", async () => {
    const code = 'import("sluice/dist/index.js").catch((error) => console.log(error.code))';
    expect(await packed.node("--eval", code)).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED\n");
  });

  it("serves a client", async () => {
    packed.write(
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
    expect(await packed.node("echo.js")).toBe("hello\n");
  });
});

describe("the manifest", () => {
  it("has no fault that publint finds", async () => {
    expect(await run(root, bin("publint"), packed.tarball, "--strict")).toContain("All good!");
  });

  it("has no unused file, export or dependency that knip finds", async () => {
    expect(await run(root, bin("knip"), "--no-progress")).toBe("");
  });
});

describe.each(["", "benchmarks", "examples/mounts", "tests/package/tools"])(
  "the lockfile in %j",
  (place) => {
    const text = readFileSync(join(root, place, "package-lock.json"), "utf8");

    it("names no host, so that every registry will do", () => {
      expect(text).toContain('"lockfileVersion": 3');
      expect(text).not.toContain('"resolved": "http');
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
      expect(optional.length).toBeGreaterThan(0);
      expect(missing).toEqual([]);
    });
  },
);

/** Where a document's links lead to, as far as they lead to files. */
function linksIn(markdown: string): string[] {
  const targets = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const files = targets.map((target) => target.replace(/#.*$/, ""));
  return files.filter((target) => target !== "" && !/^\w+:/.test(target));
}
