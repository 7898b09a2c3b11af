import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { words } from "../../examples/tutorial/words.ts";

const { en, zh } = words;
const keys = Object.keys(en);
const folder = "examples/tutorial";
const sources = ["public", "pages"].flatMap((name) =>
  readdirSync(`${folder}/${name}`)
    .filter((file) => /\.(js|html)$/.test(file))
    .map((file) => ({ file, text: readFileSync(`${folder}/${name}/${file}`, "utf8") })),
);

describe("the words of the site", () => {
  test("are there in English and in Chinese, each of them", () => {
    expect(Object.keys(zh).sort()).toEqual(keys.sort());
    expect(keys.length).toBeGreaterThan(100);
    for (const key of keys) {
      expect(en[key], key).not.toBe("");
      expect(zh[key], key).not.toBe("");
    }
  });

  test("have places for the same values in both", () => {
    const places = (word = "") => [...word.matchAll(/\{\w+\}/g)].map(String).sort();
    for (const key of keys) expect(places(zh[key]), key).toEqual(places(en[key]));
  });

  test("are all that a page shows: nothing is written into it in one language only", () => {
    for (const { file, text } of sources.filter(({ file }) => file.endsWith(".html"))) {
      const shown = text
        .replace(/<!doctype html>|<[^>]*>/g, " ")
        .replace(/\{(head|main)\}|sluice|404/g, "")
        .trim();
      expect(shown, file).toBe("");
      expect(text, file).not.toMatch(/\s(aria-label|placeholder|title|alt)="/);
    }
  });

  test("are all that pages and scripts ask for", () => {
    const pages = ["chat", "deploy", "echo", "hello", "missing", "resume", "rooms", "wire"];
    const asked = sources.flatMap(({ file, text }) =>
      file.endsWith(".html")
        ? [...text.matchAll(/data-(?:word|label|hint)="([^"]+)"/g)].map(([, key = ""]) => key)
        : [...text.matchAll(/"([a-z]+(?:\.[a-z0-9-]+)+)"/g)]
            .map(([, key = ""]) => key)
            .filter((key) => keys.some((known) => known.startsWith(`${key.split(".")[0]}.`))),
    );
    expect(asked.length).toBeGreaterThan(80);
    for (const key of new Set(asked)) {
      const whole = key.startsWith("{page}.") ? ["chat", "resume"] : [""];
      for (const page of whole) {
        if (key === "{page}.tab") continue;
        expect(keys, key).toContain(key.replace("{page}", page));
      }
    }
    for (const page of pages) expect(keys).toContain(`${page}.tab`);
  });

  test("are all asked for by something", () => {
    const all = sources.map(({ text }) => text).join("\n");
    const begun = [...all.matchAll(/`([a-z.]+\.)\$\{/g)].map(([, beginning = ""]) => beginning);
    const ofPages = /^(chat|echo|hello|resume|rooms|deploy|wire|missing)\.(tab|title|about)$/;
    const unused = keys.filter(
      (key) =>
        !all.includes(`"${key}"`) &&
        !begun.some((beginning) => key.startsWith(beginning)) &&
        !ofPages.test(key),
    );
    expect(begun).toContain("status.");
    expect(unused).toEqual([]);
  });
});
