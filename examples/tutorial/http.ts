import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { extname } from "node:path";
import { type Look, type PageName, renderPage } from "./page.ts";
import { languageFor } from "./words.ts";

/** A page or a part of one, ready to be sent. */
interface File {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** Lies beside this file, and beside the compiled one too: the build copies it. */
const folder = new URL("./public/", import.meta.url);

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
};

/**
 * The pages, at the addresses of the sockets that they talk to: the same path is a page when it is
 * asked for and a connection when it is upgraded.
 */
const addresses: readonly (readonly [path: RegExp, name: PageName])[] = [
  [/^\/$/, "chat"],
  [/^\/x1\/$/, "chat"],
  [/^\/rooms\/([\p{L}\p{N}-]{1,40}\/)?$/u, "rooms"],
  [/^\/letters\/[\w-]{16}\/$/, "rooms"],
  [/^\/wire\/$/, "wire"],
  [/^\/resume\/$/, "resume"],
  [/^\/echo\/$/, "echo"],
  [/^\/hello\/$/, "hello"],
  [/^\/deploy\/online\/\d{1,20}\/$/, "deploy"],
];

/** Sent with every answer. Nothing but our own files runs, so what a visitor types never does. */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  // Asked again each time and mostly answered with 304: a page never runs with an old script.
  "cache-control": "no-cache",
};

/** Answers plain requests with the pages and the files of `public/`, which are read once. */
export function pages(): RequestListener {
  const files = new Map(readdirSync(folder).map((name) => [`/${name}`, load(name)]));
  const rendered = new Map<string, File>();

  const page = (name: PageName, look: Look): File => {
    const key = `${name} ${look.language} ${look.theme}`;
    const file = rendered.get(key) ?? fileOf(".html", Buffer.from(renderPage(name, look)));
    rendered.set(key, file);
    return file;
  };

  return (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    const address = addresses.find(([pattern]) => pattern.test(decoded(path)));
    const asset = path === "/favicon.ico" ? files.get("/favicon.svg") : files.get(path);
    if (asset !== undefined) return send(request, response, 200, asset);
    response.setHeader("vary", "accept-language, cookie");
    if (address === undefined) send(request, response, 404, page("missing", lookOf(request)));
    else send(request, response, 200, page(address[1], lookOf(request)));
  };
}

/** A path as it is meant; what is encoded in a wrong way is no address of ours. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}

/** How the visitor wants to see the site: the cookies are the page's, the rest is the browser's. */
function lookOf({ headers }: IncomingMessage): Look {
  const chosen = (name: string) => new RegExp(`\\b${name}=(\\w+)`).exec(headers.cookie ?? "")?.[1];
  const theme = chosen("theme");
  return {
    language: languageFor(chosen("language"), headers["accept-language"]),
    theme: theme === "dark" || theme === "light" ? theme : "system",
  };
}

/** Reads one file. */
function load(name: string): File {
  return fileOf(extname(name), readFileSync(new URL(name, folder)));
}

function fileOf(extension: string, body: Buffer): File {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { body, type: types[extension] ?? "application/octet-stream", etag };
}

/** Sends a file; to HEAD, Node leaves the body out. */
function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  { body, type, etag }: File,
): void {
  if (status === 200) response.setHeader("etag", etag);
  if (status === 200 && isKnown(request.headers["if-none-match"], etag)) {
    response.writeHead(304).end();
  } else {
    response.writeHead(status, { "content-type": type, "content-length": body.length }).end(body);
  }
}

/** Whether the visitor has this version already (RFC 9110 §13.1.2). */
function isKnown(tags: string | undefined, etag: string): boolean {
  return (tags ?? "").split(",").some((tag) => [etag, `W/${etag}`, "*"].includes(tag.trim()));
}
