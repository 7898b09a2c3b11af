import assert from "node:assert/strict";
import { HandshakeError } from "sluice";
import {
  acceptDeflate,
  type CompressionOptions,
  deflateName,
  deflateOffers,
  DeflateShare,
  type ExtensionOffer,
  type ExtensionParameter,
  judgeDeflate,
  judgeHandshake,
  type PermessageDeflate,
} from "sluice/protocol";
import { decodedInTurns } from "../decode-in-turns.ts";
import { InputReader } from "../input-reader.ts";
import { latin1 } from "../octets.ts";
import type { Target } from "../target.ts";
import { writeOffer } from "./request.ts";

/**
 * The negotiation of permessage-deflate (RFC 7692 §5, §7.1).
 *
 * It is never thrown at. What a server answers is what that offer permits, what a client accepts is
 * what it asked for, and our server and our client always agree and then understand each other.
 */
export function extensions(
  accept: typeof acceptDeflate = acceptDeflate,
  judge: typeof judgeDeflate = judgeDeflate,
): Target {
  return {
    name: "extensions",
    seeds: [
      "\0\x0f\x0f\0\x0f\x0f\x02permessage-deflate; client_max_window_bits",
      "\x01\x08\x09\x02\x0a\x0c\0permessage-deflate; server_max_window_bits=10; client_max_window_bits=9, x",
      "\0\x0f\x0f\0\x0f\x0f\x02permessage-deflate; server_no_context_takeover; client_no_context_takeover",
      '\x03\x0f\x0f\x01\x0f\x0f\x02permessage-deflate; server_max_window_bits="8"; x=1, permessage-deflate',
    ].map(latin1),
    dictionary: [
      ...["permessage-deflate", ", permessage-deflate", "x-webkit-deflate-frame", "__proto__"],
      ...[
        "; server_no_context_takeover",
        "; client_no_context_takeover",
        "; server_max_window_bits",
      ],
      ...[
        "; client_max_window_bits",
        "=8",
        "=15",
        "=7",
        "=16",
        "=08",
        '="10"',
        "=1e1",
        "=-9",
        "=",
        '"',
      ],
      ...["; x", ",", ";", " ", "\\", "; server_max_window_bits=9", "; client_max_window_bits=9"],
    ].map(latin1),
    run: (input) => run(accept, judge, input),
  };
}

function run(accept: typeof acceptDeflate, judge: typeof judgeDeflate, input: Uint8Array): string {
  const reader = new InputReader(input);
  const ours = new DeflateShare(readOptions(reader));
  const theirs = new DeflateShare(readOptions(reader));
  const offers = parse(reader.rest().toString("latin1"));

  // A server of ours among strange clients.
  const agreement = offers && accept(offers, ours);
  if (agreement !== undefined) {
    const names = agreement.answer.parameters.map(([name]) => name);
    assert.equal(new Set(names).size, names.length, "a parameter is answered twice");
    const permitted = offers!.some((offer) => permits(offer, agreement.answer));
    assert(permitted, `no offer permits the answer ${writeOffer(agreement.answer)}`);
    const { contextTakeover } = readAnswer(agreement.answer);
    assert(contextTakeover || ours.reserved === 0, "memory is reserved for nothing");
    agreement.extension.dispose();
  }

  // A client of ours among strange servers: what was offered is the answer of such a one.
  const judged = offers && judge(offers, theirs);
  if (judged instanceof HandshakeError) {
    assert.equal(judged.code, "ERR_HANDSHAKE_EXTENSION");
    assert.match(judged.message, /^[ -~]{1,2000}$/, "the message cannot be printed");
  } else if (judged !== undefined) {
    const [answer, ...others] = offers!.filter(({ name }) => name === deflateName);
    assert.equal(others.length, 0, "it is agreed on twice");
    const [offer] = deflateOffers(theirs);
    assert(permits(offer!, answer!), `our offer does not permit ${writeOffer(answer!)}`);
    judged.dispose();
  }

  // A server of ours and a client of ours.
  const own = accept(parse(deflateOffers(theirs).map(writeOffer).join(", ")) ?? [], ours);
  assert(own !== undefined, "our server declines our client");
  const client = judge(parse(writeOffer(own.answer)) ?? [], theirs);
  assert(client !== undefined && !(client instanceof HandshakeError), "our client refuses it");
  converse(own.extension, client, ours);
  converse(client, own.extension, theirs);
  own.extension.dispose();
  client.dispose();
  assert.deepEqual([ours.reserved, theirs.reserved], [0, 0], "memory was not given back");

  const said = judged instanceof HandshakeError ? judged.code : typeof judged;
  return `${agreement === undefined ? "declined" : "accepted"}, ${said}`;
}

/** Options of either end: which context it keeps, how far it looks back, for how much there is room. */
function readOptions(reader: InputReader): CompressionOptions {
  const flags = reader.octet();
  return {
    threshold: 0,
    serverNoContextTakeover: (flags & 1) !== 0,
    clientNoContextTakeover: (flags & 2) !== 0,
    memory: (flags & 4) === 0 ? 2 ** 24 : 0,
    serverMaxWindowBits: 15 - (reader.octet() % 8),
    clientMaxWindowBits: 15 - (reader.octet() % 8),
  };
}

function parse(value: string): readonly ExtensionOffer[] | undefined {
  const rawHeaders = ["Host", "a", "Upgrade", "websocket", "Connection", "Upgrade"];
  rawHeaders.push("Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  rawHeaders.push("Sec-WebSocket-Extensions", value);
  const judged = judgeHandshake({ method: "GET", target: "/", httpVersion: "1.1", rawHeaders });
  return judged instanceof HandshakeError ? undefined : judged.extensions;
}

type Value = string | true | undefined;

function value(parameters: readonly ExtensionParameter[], name: string): Value {
  return parameters.find(([each]) => each === name)?.[1];
}

/** Whether an offer is valid and an answer is one that it permits, parameter by parameter. */
function permits(offer: ExtensionOffer, answer: ExtensionOffer): boolean {
  if (offer.name !== deflateName || answer.name !== deflateName) return false;
  const names = offer.parameters.map(([name]) => name);
  if (new Set(names).size !== names.length) return false;
  const asked = (name: string) => value(offer.parameters, name);
  const given = (name: string) => value(answer.parameters, name);
  const isBits = (bits: Value) =>
    typeof bits === "string" && /^(8|9|10|11|12|13|14|15)$/.test(bits);
  const atMost = (bits: Value, limit: Value) => isBits(bits) && Number(bits) <= Number(limit);
  return (
    [...offer.parameters, ...answer.parameters].every(([name]) => name in rules) &&
    Object.entries(rules).every(([name, rule]) =>
      rule(asked(name), given(name), { isBits, atMost }),
    )
  );
}

type Rule = (
  asked: Value,
  given: Value,
  is: { isBits: (bits: Value) => boolean; atMost: (bits: Value, limit: Value) => boolean },
) => boolean;

const rules: Readonly<Record<string, Rule>> = {
  // §7.1.1.1: a server that accepts it answers with it; it may also answer with it unasked.
  server_no_context_takeover: (asked, given) =>
    asked === undefined ? given === undefined || given === true : asked === true && given === true,
  // §7.1.1.2: it is a hint, and the server may say it unasked.
  client_no_context_takeover: (asked, given) =>
    (asked === undefined || asked === true) && (given === undefined || given === true),
  // §7.1.2.1: what was asked for is the most; unasked, the server may still bound itself.
  server_max_window_bits: (asked, given, { isBits, atMost }) =>
    asked === undefined
      ? given === undefined || isBits(given)
      : isBits(asked) && atMost(given, asked),
  // §7.1.2.2: only if the client named it, and then no more than it said.
  client_max_window_bits: (asked, given, { isBits, atMost }) => {
    if (asked === undefined) return given === undefined;
    if (asked === true) return given === undefined || isBits(given);
    return isBits(asked) && (given === undefined || atMost(given, asked));
  },
};

function readAnswer({ parameters }: ExtensionOffer): { contextTakeover: boolean } {
  return { contextTakeover: value(parameters, "client_no_context_takeover") === undefined };
}

const messages = ["", "a", "Hello Hello Hello", "Hello Hello Hello", "x".repeat(700)].map(latin1);

/** What one end encodes, the other one understands. */
function converse(from: PermessageDeflate, to: PermessageDeflate, share: DeflateShare): void {
  for (const message of messages) {
    const encoded = from.encode(message);
    if (encoded === undefined) continue;
    const decoded = decodedInTurns(to, share, encoded, 1000);
    assert.equal(Buffer.from(decoded).toString(), message.toString(), "it is something else");
  }
}
