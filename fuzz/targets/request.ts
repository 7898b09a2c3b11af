import assert from "node:assert/strict";
import { HandshakeError } from "sluice";
import {
  acceptKey,
  type ExtensionOffer,
  type KeyedHandshake,
  handshakeResponse,
  judgeHandshake,
  refusalResponse,
} from "sluice/protocol";
import { readHttpText } from "../http-text.ts";
import { InputReader } from "../input-reader.ts";
import { latin1 } from "../octets.ts";
import type { Target } from "../target.ts";
import { encodePath } from "./path.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";

/**
 * A client's opening handshake. It is never thrown at; what is accepted is what it says it is and is
 * accepted again when it is written down plainly; what is refused is answered with HTTP.
 */
export function request(judge: typeof judgeHandshake = judgeHandshake): Target {
  return {
    name: "request",
    seeds: [
      latin1(
        `\0GET /chat?room=1 1.1\nHost: example.com:8000\nUpgrade: websocket\nConnection: Upgrade\n` +
          `Sec-WebSocket-Version: 13\nSec-WebSocket-Key: ${key}`,
      ),
      latin1(
        `\0GET / 1.1\nhost:[::1]\nconnection: keep-alive, Upgrade\nupgrade: h2c , WebSocket\norigin: https://a.example\n` +
          `sec-websocket-version: 13\nsec-websocket-key: ${key}\nsec-websocket-protocol: a, b\n` +
          `sec-websocket-extensions: permessage-deflate; client_max_window_bits, x; y="z"\n\n\x81\x80`,
      ),
    ],
    dictionary: [
      "\nHost: a",
      "\nUpgrade: websocket",
      "\nConnection: upgrade",
      "\nSec-WebSocket-Version: 13",
      "\nSec-WebSocket-Version: 8",
      `\nSec-WebSocket-Key: ${key}`,
      "\nSec-WebSocket-Protocol: a, b",
      "\nSec-WebSocket-Protocol: __proto__",
      "\nSec-WebSocket-Extensions: constructor; __proto__=1",
      '\nSec-WebSocket-Extensions: a; b="\\c"',
      "\nOrigin: null",
      "\nCookie: a=b",
      "\nContent-Length: 0",
      "\nContent-Length: 5",
      "\nTransfer-Encoding: chunked",
      "\n\n\x81\x85\x37\xfa\x21\x3d",
      "\n\nGET / HTTP/1.1",
      ...["GET ", "POST ", " 1.1", " 1.0", " 2.0", "http://a/", "/../", "/%2e%2e/", "%2F", "%00"],
      ...["//", "\\", "?", "#", ", ", "; ", '="', '\\"', "\t", "\x85", "[::1]", ":80", "%c3%a9"],
    ].map(latin1),
    run: (input) => run(judge, input),
  };
}

function run(judge: typeof judgeHandshake, input: Uint8Array): string {
  const reader = new InputReader(input);
  const maxHeaders = reader.pick([100, 100, 5, 0]);
  const { start, rawHeaders, body } = readHttpText(reader.rest());
  const [method = "", target = "", httpVersion = ""] = start;
  const asked = { method, target, httpVersion, rawHeaders, head: body };
  const judged = judge(asked, { maxHeaders });

  const shouted = rawHeaders.map((text, at) => (at % 2 === 0 ? text.toUpperCase() : text));
  assert.deepEqual(
    outcome(judge({ ...asked, rawHeaders: shouted }, { maxHeaders })),
    outcome(judged),
    "the case of the names decides",
  );
  const more = ["X-More", "\xff", ...rawHeaders];
  assert.deepEqual(
    outcome(judge({ ...asked, rawHeaders: more }, { maxHeaders: maxHeaders + 1 })),
    outcome(judged),
    "a header that means nothing decides",
  );

  if (judged instanceof HandshakeError) {
    checkRefusal(judged);
    return judged.code;
  }
  assert.equal(method, "GET");
  assert(
    /^\d\.\d$/.test(httpVersion) && httpVersion >= "1.1",
    `version ${httpVersion} is accepted`,
  );
  assert(rawHeaders.length <= 2 * maxHeaders, "there are too many headers");
  checkHandshake(judged, rawHeaders);
  assert.deepEqual(judge(plainRequest(judged)), judged, "written plainly, it is something else");
  checkResponse(judged);
  return `accepted, ${Math.min(judged.subprotocols.length, 2)} ${Math.min(judged.extensions.length, 2)}`;
}

function outcome(judged: KeyedHandshake | HandshakeError): unknown {
  return judged instanceof HandshakeError ? [judged.code, judged.status] : judged;
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const visible = /^[\t -~]*$/;

function checkHandshake(handshake: KeyedHandshake, rawHeaders: readonly string[]): void {
  for (const name of ["host", "sec-websocket-key", "sec-websocket-version"]) {
    const lines = rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === name);
    assert.equal(lines.length, 1, `there are ${lines.length} headers ${name}`);
  }
  const { host, origin, subprotocols, extensions } = handshake;
  assert.equal(Buffer.from(handshake.key, "base64").length, 16, "the key has another length");
  assert.match(host, visible);
  assert.match(origin ?? "", visible);
  assert.equal(new URL(`http://${host}/`).pathname, "/", "the host is more than a host");
  assert.equal(new Set(subprotocols).size, subprotocols.length, "a subprotocol comes twice");
  for (const subprotocol of subprotocols) assert.match(subprotocol, token);
  for (const { name, parameters } of extensions) {
    assert.match(name, token);
    for (const [parameter, value] of parameters) {
      assert.match(parameter, token);
      if (value !== true) assert.match(value, token);
    }
  }
}

/** The request that a tidy client would have sent to ask for the same. */
function plainRequest(handshake: KeyedHandshake): Parameters<typeof judgeHandshake>[0] {
  const { path, query, host, origin, subprotocols, extensions } = handshake;
  const rawHeaders = ["Host", host, "Upgrade", "websocket", "Connection", "Upgrade"];
  rawHeaders.push("Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", handshake.key);
  if (origin !== undefined) rawHeaders.push("Origin", origin);
  if (subprotocols.length > 0) rawHeaders.push("Sec-WebSocket-Protocol", subprotocols.join(", "));
  if (extensions.length > 0) {
    rawHeaders.push("Sec-WebSocket-Extensions", extensions.map(writeOffer).join(", "));
  }
  const target = `${encodePath(path)}${query === "" ? "" : `?${query}`}`;
  return { method: "GET", target, httpVersion: "1.1", rawHeaders };
}

/** An element of Sec-WebSocket-Extensions (RFC 6455 §9.1). */
export function writeOffer({ name, parameters }: ExtensionOffer): string {
  const written = parameters.map(([key, value]) => (value === true ? key : `${key}=${value}`));
  return [name, ...written].join("; ");
}

function checkResponse({ key, subprotocols }: KeyedHandshake): void {
  const response = handshakeResponse({ key, subprotocol: subprotocols[0] });
  const { head, lines } = readHead(response);
  assert.equal(head.length + 4, response.length, "something follows the response");
  assert(lines.includes(`Sec-WebSocket-Accept: ${acceptKey(key)}`), "the key is not answered");
}

function checkRefusal(error: HandshakeError): void {
  assert(error.status >= 400 && error.status < 600, `status ${error.status} is no refusal`);
  assert.match(error.message, /^[ -~…–]{1,2000}$/, "the message cannot be printed");
  const response = refusalResponse(error.status, { headers: error.headers, body: error.message });
  const { head, lines } = readHead(response);
  assert.equal(response.slice(head.length + 4), error.message, "the body is something else");
  assert(
    lines.includes(`Content-Length: ${Buffer.byteLength(error.message)}`),
    "the length is wrong",
  );
  assert(
    lines.some((line) => /^Connection: (Upgrade, )?close$/.test(line)),
    "it does not close",
  );
}

/** The head of a response, in ASCII, with CRLF and no other control characters. */
function readHead(response: string): { head: string; lines: string[] } {
  const head = response.slice(0, response.indexOf("\r\n\r\n"));
  const [status = "", ...lines] = head.split("\r\n");
  assert.match(status, /^HTTP\/1\.1 \d{3} [ -~]*$/);
  for (const line of lines) assert.match(line, /^[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t -~]*$/);
  return { head, lines };
}
