import assert from "node:assert/strict";
import { HandshakeError } from "sluice";
import { judgeHandshake } from "sluice/protocol";
import { latin1 } from "../octets.ts";
import type { Target } from "../target.ts";

const rawHeaders = ["Host", "a", "Upgrade", "websocket", "Connection", "Upgrade"];
rawHeaders.push("Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");

/**
 * The path of a request, normalised: no segment of dots, no way out, nothing that is still encoded
 * but slashes and percent signs, what RFC 3986 makes of it, and the same when it is normalised again.
 */
export function path(judge: typeof judgeHandshake = judgeHandshake): Target {
  return {
    name: "path",
    seeds: ["/", "/a/b?c=d", "/a/./b/../c/", "/%2Fa%25%c3%a9//b/.", "/a%2e%2E/%2e"].map(latin1),
    dictionary: [
      ...[
        "/",
        "//",
        "/.",
        "/..",
        "/./",
        "/../",
        "%2e",
        "%2E%2e",
        "%2f",
        "%2F",
        "%25",
        "%252F",
        "%00",
      ],
      ...[
        "%5c",
        "\\",
        "?",
        "#",
        "%3f",
        "%23",
        "%",
        "%c3%a9",
        "%c0%ae",
        "%ed%a0%80",
        "%ff",
        "@",
        ":",
      ],
      ...["%0a", "%20", "%7f", "~", ";", "http://a/", "*", '"', "%f0%90%80%80"],
    ].map(latin1),
    run: (input) => run(judge, latin1Text(input)),
  };
}

function run(judge: typeof judgeHandshake, target: string): string {
  const normalise = (text: string) =>
    judge({ method: "GET", target: text, httpVersion: "1.1", rawHeaders });
  const judged = normalise(target);
  if (judged instanceof HandshakeError) {
    assert.equal(judged.code, "ERR_HANDSHAKE_TARGET");
    return judged.code;
  }
  const { path, query } = judged;
  assert.match(path, /^\/(?!\/)/, "the path does not begin with one slash");
  assert(!/\/\.\.?(\/|$)/.test(path), "the path holds a segment of dots");
  assert(!/%(?!2F|25)/.test(path), "the path holds another escape than %2F and %25");
  assert(!path.includes("\0") && path.isWellFormed(), "the path holds what no path may hold");
  assert(target.endsWith(query), "the query was changed");

  const again = normalise(query === "" ? encodePath(path) : `${encodePath(path)}?${query}`);
  assert(!(again instanceof HandshakeError), "the path is refused when it comes again");
  assert.equal(again.path, path, "the path changes when it is normalised again");

  assert.equal(new URL(`http://a${target}`).host, "a", "a URL parser finds a host in it");
  assert.equal(new URL(path, "http://a").host, "a", "a URL parser finds a host in the path");
  const [rawPath = ""] = target.split("?", 1);
  assert.equal(path, withoutDotSegments(decodePath(rawPath)), "RFC 3986 makes another path of it");
  return path === target ? "as it was" : `${path.endsWith("/")} ${query !== ""}`;
}

/** A normalised path as a client would send it. */
export function encodePath(path: string): string {
  return path.replace(/[^/%]+/gu, encodeURIComponent);
}

/** RFC 3986 §5.2.4, step by step. (The URL parser of Node.js 20 is no witness: it leaves `/.b/./`.) */
function withoutDotSegments(path: string): string {
  let input = path;
  let output = "";
  while (input !== "") {
    if (/^\/\.(\/|$)/.test(input)) {
      input = `/${input.slice(3)}`; // 2B
    } else if (/^\/\.\.(\/|$)/.test(input)) {
      input = `/${input.slice(4)}`; // 2C
      output = output.slice(0, Math.max(0, output.lastIndexOf("/")));
    } else {
      const next = input.indexOf("/", 1); // 2E
      const end = next === -1 ? input.length : next;
      output += input.slice(0, end);
      input = input.slice(end);
    }
  }
  return output;
}

/** Decodes all escapes but those of slashes and percent signs. */
function decodePath(path: string): string {
  const kept = path.replace(/%(2f|25)/gi, (_, digits: string) => `%25${digits.toUpperCase()}`);
  return decodeURIComponent(kept);
}

function latin1Text(input: Uint8Array): string {
  return Buffer.from(input).toString("latin1");
}
