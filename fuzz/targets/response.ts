import assert from "node:assert/strict";
import { HandshakeError } from "sluice";
import { acceptKey, judgeResponse } from "sluice/protocol";
import { readHttpText } from "../http-text.ts";
import { InputReader } from "../input-reader.ts";
import { latin1 } from "../octets.ts";
import type { Target } from "../target.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/**
 * A server's answer to the opening handshake. It is never thrown at, and what is accepted is what
 * was asked for.
 */
export function response(judge: typeof judgeResponse = judgeResponse): Target {
  return {
    name: "response",
    seeds: [
      `\0\x00101\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: ${accept}`,
      `\x01\x01101\nupgrade: WebSocket\nconnection: keep-alive, upgrade\nsec-websocket-accept: ${accept}\n` +
        "sec-websocket-protocol: b\nsec-websocket-extensions: permessage-deflate; a=1",
    ].map(latin1),
    dictionary: [
      "\nUpgrade: websocket",
      "\nConnection: upgrade",
      `\nSec-WebSocket-Accept: ${accept}`,
      "\nSec-WebSocket-Protocol: a",
      "\nSec-WebSocket-Protocol: ",
      "\nSec-WebSocket-Extensions: permessage-deflate",
      "\nSec-WebSocket-Extensions: x; __proto__",
      ...["101", "200", "401", ", ", ";", '="', "\t", "\x85", "a", "b"],
    ].map(latin1),
    run: (input) => run(judge, input),
  };
}

function run(judge: typeof judgeResponse, input: Uint8Array): string {
  const reader = new InputReader(input);
  const subprotocols = reader.pick([undefined, ["a", "b"], ["__proto__"]]);
  const extensions = reader.pick([undefined, ["permessage-deflate", "x"]]);
  const { start, rawHeaders } = readHttpText(reader.rest());
  const status = Number(start[0]);
  const judged = judge({ status, rawHeaders }, { key, subprotocols, extensions });
  if (judged instanceof HandshakeError) {
    assert.equal(judged.status, status);
    assert.match(judged.message, /^[ -~]{1,2000}$/, "the message cannot be printed");
    return judged.code;
  }
  const values = (name: string) =>
    rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
  assert.equal(status, 101);
  assert.deepEqual(
    values("sec-websocket-accept").map((value) => value.trim()),
    [acceptKey(key)],
  );
  assert.deepEqual(
    values("upgrade")
      .join()
      .toLowerCase()
      .match(/[^\s,]+/g),
    ["websocket"],
    "the server upgrades to something else",
  );
  const { subprotocol } = judged;
  assert(subprotocol === undefined || subprotocols?.includes(subprotocol), "nobody asked for it");
  assert.equal(subprotocol === undefined, values("sec-websocket-protocol").length === 0);
  for (const { name } of judged.extensions) assert(extensions?.includes(name), "nobody offered it");
  return `accepted, ${subprotocol} ${Math.min(judged.extensions.length, 2)}`;
}
