import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { copiedFiles, projectFiles, stripsTypes } from "../../src/cli/project-files.ts";

describe("a version of Node.js that runs TypeScript as it is", () => {
  it.each([
    ["20.19.0", false],
    ["22.17.1", false],
    ["22.18.0", true],
    ["23.5.0", false],
    ["23.6.0", true],
    ["24.0.0", true],
  ])("%s: %s", (version, expected) => {
    expect(stripsTypes(version)).toBe(expected);
  });
});

describe.each([true, false])("a new project, where types are stripped: %s", (stripped) => {
  const root = join(import.meta.dirname, "../..");
  const folder = mkdtempSync(join(tmpdir(), "sluice-new-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const versions = { sluice: "^1.0.0", typescript: "^7.0.0", nodeTypes: "^20.0.0" };
  const files = projectFiles({ name: "my-chat", versions, stripsTypes: stripped });

  it("is a package with two commands", () => {
    const { name, scripts } = JSON.parse(files.get("package.json") ?? "") as {
      readonly name: string;
      readonly scripts: Readonly<Record<string, string>>;
    };
    expect(name).toBe("my-chat");
    expect([scripts["prestart"], scripts["pretest"]]).toEqual(
      stripped ? [undefined, undefined] : ["tsc", "tsc"],
    );
    expect(scripts["start"]).toBe(`sluice serve ${stripped ? "main.ts" : "dist/main.js"}`);
  });

  it("has commands that the shell of Windows takes, too", () => {
    const { scripts } = JSON.parse(files.get("package.json") ?? "") as { readonly scripts: object };
    for (const script of Object.values(scripts)) {
      expect(script).toMatch(/^(node|sluice|tsc)( [\w./-]+)*$/);
    }
  });

  it("compiles, and has nothing in it that cannot be stripped", () => {
    for (const name of copiedFiles) cpSync(join(root, "templates/chat", name), join(folder, name));
    const { compilerOptions } = JSON.parse(files.get("tsconfig.json") ?? "") as {
      readonly compilerOptions: object;
    };
    expect(compilerOptions).toMatchObject({ erasableSyntaxOnly: true });
    const paths = {
      sluice: [join(root, "src/index.ts")],
      "sluice/testing": [join(root, "src/testing/index.ts")],
    };
    const typeRoots = [join(root, "node_modules/@types")];
    // The sources of the package are compiled along with it, and need a little more.
    const lib = ["es2023", "es2024.string", "esnext.disposable"];
    const ours = { lib, exactOptionalPropertyTypes: true, paths, typeRoots };
    const own = { ...compilerOptions, ...ours, noEmit: true, rootDir: "/" };
    writeFileSync(join(folder, "package.json"), files.get("package.json") ?? "");
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: own, include: ["*.ts"] }),
    );
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
  });
});
