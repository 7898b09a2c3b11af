import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { compile } from "../types/compile.ts";
import { mistakes } from "./mistakes.ts";
import { imports, wrongPrograms } from "./wrong-programs.ts";

const page = readFileSync(new URL("../../docs/reference/errors.md", import.meta.url), "utf8");
const [, made = ""] = page.split(/^## Mistakes|^### A promise/m);
const rows = [...made.matchAll(/^\| (.+?) \| `?([\w ]+?)`? \| (.+) \|$/gm)]
  .map(([, mistake = "", code = "", message = ""]) => ({ mistake, code, message }))
  .filter(({ mistake }) => mistake !== "mistake");

describe("the table of mistakes", () => {
  it("has a row for each, in their order", () => {
    expect(rows.map(({ mistake }) => mistake)).toEqual(mistakes.map(({ mistake }) => mistake));
  });

  it.each(mistakes)("has the words that are told of $mistake", async ({ mistake, make }) => {
    const told = await attempt(make);
    const row = rows.find((each) => each.mistake === mistake);
    expect({ code: told.code, message: told.message.replaceAll("|", "\\|") }).toEqual({
      code: row?.code,
      message: row?.message,
    });
  });
});

/** What is told, wherever: thrown, as a rejection, or as what it resolves with. */
async function attempt(make: () => unknown): Promise<{ code: string; message: string }> {
  const told = await Promise.resolve()
    .then(make)
    .catch((error: unknown) => error);
  const { code, message } = told as { readonly code: string; readonly message: string };
  return { code, message };
}

describe("the table of what the compiler says", () => {
  const sentences = new Map(
    [...page.matchAll(/^\| `([^|`]+)` \| (?!`)(.+) \|$/gm)].map(([, program, says]) => [
      program!,
      says!,
    ]),
  );
  let said: ReadonlyMap<string, string>;

  beforeAll(async () => {
    const programs = wrongPrograms.map((program, index) => [`program${index}`, program]);
    said = await compile(Object.fromEntries(programs) as Record<string, string>, imports);
  }, 60_000);

  it.each(wrongPrograms.map((program, index) => ({ program, index })))(
    "has the words about $program",
    ({ program, index }) => {
      const words = (said.get(`program${index}`) ?? "").replaceAll('\\"', '"');
      expect(words).toContain(sentences.get(program) ?? "a row");
    },
  );
});
