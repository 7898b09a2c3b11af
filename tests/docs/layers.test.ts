import { readFileSync } from "node:fs";
import { layerChecks } from "sluice/testing";
import { describe, expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/reference/layers.md", root), "utf8");
const contract = readFileSync(new URL("src/layers/channel-layer.ts", root), "utf8");

/** The promises on the page: what is said, and the checks. */
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [name = "", ...lines] = section.split("\n");
      const checks = lines.filter((line) => line.startsWith("- ")).map((line) => line.slice(2));
      return [name, { text: lines.join(" "), checks }] as const;
    }),
);
for (const layer of ["The memory layer", "Layers over a broker", "The layer over NATS"]) {
  sections.delete(layer);
}

/** Those in the contract's own doc comment. */
const promises = [...contract.matchAll(/^ \* - \*\*(.+?)\*\*([^]*?)(?=^ \* - \*\*|^ \*\/)/gm)].map(
  ([, name = "", text = ""]) => ({ name: name.replace(/\.$/, ""), text }),
);

function musts(text: string): number {
  return text.match(/\bMUST\b/g)?.length ?? 0;
}

describe("the reference of layers", () => {
  test("has a section for every promise of the contract, in its order, and no others", () => {
    expect(promises.length).toBeGreaterThan(12);
    expect([...sections.keys()]).toEqual(promises.map(({ name }) => name));
  });

  test.each(promises)("says as many MUSTs of $name as the contract", ({ name, text }) => {
    expect(musts(sections.get(name)!.text)).toBe(musts(text));
  });

  test("has a check for every promise, and every check once", () => {
    for (const [name, { checks }] of sections) expect(checks, name).not.toEqual([]);
    const listed = [...sections.values()].flatMap(({ checks }) => checks);
    expect([...listed].sort()).toEqual(layerChecks.map(({ name }) => name).sort());
  });
});
