import { readFileSync } from "node:fs";

/** The languages of the site; each has a file of words in `public/`, which the pages load, too. */
export type Language = "en" | "zh";

/** All words of one language, by their keys. */
export type Words = Readonly<Record<string, string>>;

/** The words of the site. */
export const words: Readonly<Record<Language, Words>> = { en: load("en"), zh: load("zh") };

/**
 * The language for a visitor: the one that they chose, else the one that their browser prefers
 * (RFC 9110 §12.5.4), else the tutorial's own.
 */
export function languageFor(chosen: string | undefined, accepted: string | undefined): Language {
  if (chosen === "en" || chosen === "zh") return chosen;
  const ranges = (accepted ?? "").split(",").map((range) => {
    const [tag = "", quality = "q=1"] = range
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    return { language: tag.slice(0, 2), quality: Number(quality.slice(2)) };
  });
  const known = ranges.filter(({ language }) => language === "en" || language === "zh");
  known.sort((one, other) => other.quality - one.quality);
  return known[0]?.language === "en" ? "en" : "zh";
}

function load(language: Language): Words {
  const file = new URL(`./public/${language}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Words;
}
