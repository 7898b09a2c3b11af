/**
 * `npm run bench:million`: works out docs/topics/to-a-million.md anew, its tables and plots, from what
 * was measured; with `measure` it measures first, on servers that it starts itself.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { filled } from "../documentation.ts";
import type { Constants } from "./constants.ts";
import { measure } from "./measure.ts";
import { type Herds, plots, regions } from "./page.ts";
import { oneDies, outcomes, tenDie } from "./scenarios.ts";

const [root = "", command = ""] = process.argv.slice(2);
const page = join(root, "docs/topics/to-a-million.md");
const folder = join(root, "docs/topics/to-a-million");
mkdirSync(folder, { recursive: true });

if (command === "measure") write("constants.json", json(await measure()));

const constants = JSON.parse(readFileSync(join(folder, "constants.json"), "utf8")) as Constants;
const herds: Herds = {
  oneDies: outcomes(constants, oneDies),
  tenDie: outcomes(constants, tenDie),
};
// A plot needs them all; what is kept is for the tables.
for (const [name, svg] of plots(constants, herds)) write(name, svg);
write("herds.json", json(herds));
writeFileSync(page, filled(readFileSync(page, "utf8"), regions(constants, herds)));

function write(name: string, content: string): void {
  writeFileSync(join(folder, name), content);
}

/** Without what only plots need. */
function json(value: unknown): string {
  const without = (key: string, part: unknown): unknown => (key === "back" ? undefined : part);
  return `${JSON.stringify(value, without, 2)}\n`;
}
