import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** The pages that the package brings along for those who use it. */
const pages = [
  "README.md",
  "README.zh-CN.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !name.startsWith("decisions"))
    .map((name) => join("docs", name)),
];

/** What stands in the repository only: folders that are not packed, and its scripts. */
const elsewhere = /`(?:examples|benchmarks|compliance)\/|`npm (?:ci|start|run|test)\b/;

/** A page's paragraphs, without its code. */
function paragraphs(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8").replaceAll(/^```[^]*?^```$/gm, "");
  return text.split(/\n\n+/);
}

const pointing = pages
  .map((page) => ({ page, first: paragraphs(page).find((each) => elsewhere.test(each)) }))
  .filter(({ first }) => first !== undefined);

describe("a page of the package that points to what only the repository has", () => {
  it("is found", () => {
    expect(pointing.map(({ page }) => page)).toContain("docs/tutorial/index.md");
  });

  it.each(pointing)("has said so by then: $page", ({ page, first = "" }) => {
    const all = paragraphs(page);
    const read = all.slice(0, all.indexOf(first) + 1).join("\n");
    expect(read).toMatch(/repository|仓库/);
  });
});
