import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const text = readFileSync(new URL("ARCHITECTURE.md", root), "utf8");

/** The steps of the journeys: the last name of what is called, and the file where it is found. */
const steps = [...text.matchAll(/^```\n([^]*?)^```$/gm)]
  .flatMap((block) => block[1]!.trimEnd().split("\n"))
  .map((line) => {
    const [call = "", file = ""] = line.replace("→ ", "").split(/ {2,}/);
    return { call, name: /^(?:\w+\.)?(\w+)/.exec(call)?.[1] ?? "", file };
  });

/** What the text names with the file where it is: `name` (`file`). */
const named = [...text.matchAll(/`(\w+)(?:\.(\w+))?` \(`([\w/-]+\.ts)`\)/g)].map(
  ([, name = "", member, file = ""]) => ({ name: member ?? name, file }),
);

describe("what ARCHITECTURE.md names", () => {
  it.each(named)("$name is in $file", ({ name, file }) => {
    expect(named.length).toBeGreaterThan(8);
    const source = readFileSync(new URL(`src/${file}`, root), "utf8");
    expect(source).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

describe("the journeys in ARCHITECTURE.md", () => {
  it("are found", () => {
    expect(steps.length).toBeGreaterThan(12);
  });

  it.each(steps)("$file has $call", ({ name, file }) => {
    const url = new URL(`src/${file}`, root);
    expect(existsSync(url)).toBe(true);
    const source = readFileSync(url, "utf8");
    expect(name).not.toBe("");
    expect(source).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
