import { readFileSync } from "node:fs";

/** A page, or a part of one. */
interface File {
  readonly type: string;
  readonly body: Buffer;
}

/** What is at which path. The page of a deployment has the address of its socket. */
const files: readonly (readonly [path: RegExp, file: File])[] = [
  [/^\/$/, load("login.html", "text/html")],
  [/^\/deploy\/online\/\d{1,20}\/$/, load("deploy.html", "text/html")],
  [/^\/deploy\.js$/, load("deploy.js", "text/javascript")],
  [/^\/style\.css$/, load("style.css", "text/css")],
  [/^\/icon\.svg$/, load("icon.svg", "image/svg+xml")],
];

/** For every answer. Nothing but our own files runs, so a name is never more than text. */
export const headers: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  // With "no-referrer", browsers would send our own forms with `Origin: null`.
  "referrer-policy": "same-origin",
  "cache-control": "no-cache",
};

/** The file that a URL asks for, if there is one. */
export function fileAt(url: string): File | undefined {
  const [path = ""] = url.split("?", 1);
  return files.find(([pattern]) => pattern.test(path))?.[1];
}

function load(name: string, type: string): File {
  const body = readFileSync(new URL(`public/${name}`, import.meta.url));
  return { type: `${type}; charset=utf-8`, body };
}
