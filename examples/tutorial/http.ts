import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { RequestListener, ServerResponse } from "node:http";
import { extname } from "node:path";

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
  ".svg": "image/svg+xml; charset=utf-8",
};

/**
 * The pages, at the addresses of the sockets that they talk to: the same path is a page when it is
 * asked for and a connection when it is upgraded.
 */
const addresses: readonly (readonly [path: RegExp, name: string])[] = [
  [/^\/$/, "chat.html"],
  [/^\/x1\/$/, "chat.html"],
  [/^\/resume\/$/, "resume.html"],
  [/^\/echo\/$/, "echo.html"],
  [/^\/hello\/$/, "hello.html"],
  [/^\/deploy\/online\/\d{1,20}\/$/, "deploy.html"],
  [/^\/favicon\.ico$/, "favicon.svg"],
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

/** Answers plain requests with the files of `public/`, which are read once, now. */
export function pages(): RequestListener {
  const files = new Map(readdirSync(folder).map((name) => [name, load(name)]));
  const missing = load("404.html");

  return (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    const file = files.get(nameOf(path));
    if (file === undefined) {
      send(response, 404, missing);
      return;
    }
    response.setHeader("etag", file.etag);
    if (known(request.headers["if-none-match"], file.etag)) response.writeHead(304).end();
    else send(response, 200, file);
  };
}

/** The file that a path asks for. A page has an address and is not there by its file's name. */
function nameOf(path: string): string {
  const address = addresses.find(([pattern]) => pattern.test(path));
  if (address !== undefined) return address[1];
  return path.endsWith(".html") ? "" : path.slice(1);
}

/** Reads one file. */
function load(name: string): File {
  const body = readFileSync(new URL(name, folder));
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { body, type: types[extname(name)] ?? "application/octet-stream", etag };
}

/** Whether the visitor has this version already (RFC 9110 §13.1.2). */
function known(tags: string | undefined, etag: string): boolean {
  return (tags ?? "").split(",").some((tag) => [etag, `W/${etag}`, "*"].includes(tag.trim()));
}

/** Sends a file; to HEAD, Node leaves the body out. */
function send(response: ServerResponse, status: number, file: File): void {
  response
    .writeHead(status, { "content-type": file.type, "content-length": file.body.length })
    .end(file.body);
}
