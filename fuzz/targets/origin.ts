import assert from "node:assert/strict";
import { HandshakeError } from "sluice";
import { judgeOrigin } from "sluice/protocol";
import { InputReader } from "../input-reader.ts";
import { latin1 } from "../octets.ts";
import type { Target } from "../target.ts";

const listed = ["https://example.com", "https://*.example.com", "http://localhost:8000", "app://x"];
/** What the list allows, said in another way. */
const allowed =
  /^(https:\/\/([^/?#@\\:\s]+\.)?example\.com(:0*443|:)?|http:\/\/localhost:0*8000|app:\/\/x:?)$/i;

/**
 * Where a page comes from. It is never thrown at; what is allowed is named by the policy from its
 * first character to its last, and an origin in the spelling of browsers is judged alike.
 */
export function origin(judge: typeof judgeOrigin = judgeOrigin): Target {
  return {
    name: "origin",
    seeds: [
      "\0\0https://example.com\nexample.com",
      "\0\0https://a.example.com:443\nexample.com",
      "\x01\x01https://example.com\nexample.com:443",
      "\x01\0http://127.0.0.1:8000\n127.1:8000",
      "\x01\0http://[::1]\n[0:0::1]",
      "\0\0app://x\nx",
    ].map(latin1),
    dictionary: [
      ...["https://", "http://", "wss://", "ws://", "app://", "file://", "null", "HTTPS://"],
      ...["example.com", ".example.com", "evilexample.com", "example.com.evil.org", "localhost"],
      ...["127.0.0.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "xn--e1afmkfd", "*."],
      ...[
        ":443",
        ":80",
        ":8000",
        ":0443",
        ":",
        "@",
        "#",
        "?",
        "/",
        "\\",
        "%2e",
        "\xad",
        "\t",
        ", ",
      ],
      ...[" ", "\0", "..", ".", "\n", "*"],
    ].map(latin1),
    run: (input) => run(judge, input),
  };
}

function run(judge: typeof judgeOrigin, input: Uint8Array): string {
  const reader = new InputReader(input);
  const rule = reader.pick(["list", "same-host"] as const);
  const secure = reader.flag();
  const policy = rule === "list" ? listed : rule;
  const [origin = "", host = ""] = reader.rest().toString("latin1").split("\n");
  const judged = judge(policy, { origin, host, secure });
  if (judged instanceof HandshakeError) {
    assert.equal(judged.code, "ERR_HANDSHAKE_ORIGIN");
    assert.equal(judged.status, 403);
    assert.match(judged.message, /^[ -~]{1,4000}$/, "the message cannot be printed");
    return `${rule}: refused`;
  }
  if (rule === "list") {
    assert.match(origin, allowed);
  } else {
    const page = new URL(origin.replace(/^ws/i, "http"));
    const own = new URL(`${secure ? "https" : "http"}://${host}`);
    assert.equal(page.origin, own.origin, "the page is from somewhere else");
    assert.equal(`${own.username}${own.pathname}${own.search}${own.hash}`, "/");
    assert.equal(`${page.username}${page.pathname}${page.search}${page.hash}`, "/");
  }
  const { protocol, host: spelled } = new URL(origin);
  const canonical = { origin: `${protocol}//${spelled}`, host, secure };
  assert.equal(judge(policy, canonical), undefined, "it is refused in the spelling of browsers");
  return `${rule}: ${protocol} allowed`;
}
