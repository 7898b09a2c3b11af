import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { findModule } from "../../src/cli/module-file.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-module-")));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

describe("a module on the command line", () => {
  it("is found by its path", () => {
    writeFileSync(at("app.js"), "");
    expect(findModule(at("app.js"))).toBe(pathToFileURL(at("app.js")).href);
  });

  it("is named with the whole path where there is none", () => {
    expect(() => findModule(at("nope.js"))).toThrow(`there is no file ${at("nope.js")}`);
    expect(() => findModule("nope.js")).toThrow(
      `there is no file ${join(process.cwd(), "nope.js")}`,
    );
  });

  it("is guessed where its ending was left out", () => {
    writeFileSync(at("site.mjs"), "");
    expect(() => findModule(at("site"))).toThrow(`did you mean ${at("site")}.mjs?`);
  });

  it("is no folder", () => {
    mkdirSync(at("src"));
    expect(() => findModule(at("src"))).toThrow(`${at("src")} is a folder: name the file to load`);
  });
});
