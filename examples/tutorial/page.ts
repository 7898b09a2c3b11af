import { readFileSync } from "node:fs";
import { type Language, words } from "./words.ts";

/** How a visitor wants to see the site. */
export interface Look {
  readonly language: Language;
  /** `system` is what the browser says. */
  readonly theme: "dark" | "light" | "system";
}

/** What a page puts into the frame that all share: parts of `pages/`, and files of `public/`. */
interface Contents {
  readonly parts: readonly string[];
  readonly files: readonly string[];
}

/** The pages, by their names. */
export type PageName =
  | "chat"
  | "deploy"
  | "echo"
  | "hello"
  | "missing"
  | "resume"
  | "rooms"
  | "wire";

const contents: Readonly<Record<PageName, Contents>> = {
  chat: { parts: ["talk.html", "more.html"], files: ["talk.js"] },
  echo: { parts: ["talk.html"], files: ["talk.js"] },
  hello: { parts: ["talk.html"], files: ["talk.js"] },
  resume: { parts: ["talk.html"], files: ["resume.js"] },
  rooms: { parts: ["rooms.html"], files: ["rooms.css", "rooms.js"] },
  deploy: { parts: ["deploy.html"], files: ["deploy.css", "deploy.js"] },
  wire: { parts: ["wire.html"], files: ["wire.css", "wire.js"] },
  missing: { parts: ["missing.html"], files: [] },
};

/** Lies beside this file, and beside the compiled one too: the build copies it. */
const folder = new URL("./pages/", import.meta.url);

/**
 * Makes the HTML of a page. Where a part says `data-word="key"` the word itself comes in, and with
 * `data-label` and `data-hint` it becomes an attribute; the page's script finds the same keys there when
 * the language is changed.
 */
export function renderPage(name: PageName, { language, theme }: Look): string {
  const { parts, files } = contents[name];
  const holes: Readonly<Record<string, string>> = {
    page: name,
    theme,
    language: language === "zh" ? "zh-CN" : "en",
    other: language === "zh" ? "en" : "zh-CN",
    head: files.map(tagOf).join("\n    "),
    main: parts.map(read).join("\n"),
  };
  const fill = (html: string) => html.replace(/\{(\w+)\}/g, (hole, key) => holes[key] ?? hole);
  const word = (key: string) => escape(words[language][key] ?? key);
  // Twice: the parts have holes of their own.
  return fill(fill(read("frame.html")))
    .replace(`data-word="nav.${name}"`, 'aria-current="page" $&')
    .replace(/data-word="([^"]+)"[^>]*>/g, (tag, key: string) => tag + word(key))
    .replace(/data-label="([^"]+)"/g, (label, key: string) => `${label} aria-label="${word(key)}"`)
    .replace(/data-hint="([^"]+)"/g, (hint, key: string) => `${hint} placeholder="${word(key)}"`);
}

function read(name: string): string {
  return readFileSync(new URL(name, folder), "utf8").trimEnd();
}

function tagOf(file: string): string {
  return file.endsWith(".css")
    ? `<link rel="stylesheet" href="/${file}">`
    : `<script type="module" src="/${file}"></script>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
