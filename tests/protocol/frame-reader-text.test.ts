import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameReader } from "../../src/protocol/frame-reader.ts";
import { Calls, expectFailed, heard, heardAt, heardIn, hex, roles } from "./protocol-calls.ts";
import { binary, continuation, fragments, octets, text, unfinished } from "./protocol-octets.ts";

/** Octets that are not UTF-8, and how many of them could still have become a text. */
const broken: readonly (readonly [what: string, octets: string, good: number])[] = [
  ["a continuation octet at the start", "80", 0],
  ["a continuation octet after a character", "c3a9bf", 2],
  ["a sequence that ends early", "e28241", 2],
  ["a sequence inside another", "f09fe282ac", 2],
  ["an overlong slash of two octets", "c0af", 0],
  ["the last overlong one of two octets", "c1bf", 0],
  ["an overlong slash of three octets", "e080af", 1],
  ["the last overlong one of three octets", "e09fbf", 1],
  ["an overlong slash of four octets", "f08080af", 1],
  ["the last overlong one of four octets", "f08fbfbf", 1],
  ["the first surrogate", "eda080", 1],
  ["the last surrogate", "edbfbf", 1],
  ["a pair of surrogates", "eda081edb080", 1],
  ["the first code point above U+10FFFF", "f4908080", 1],
  ["a higher plane", "f5808080", 0],
  ["a sequence of five octets", "f888808080", 0],
  ["a sequence of six octets", "fc8480808080", 0],
  ["FE", "fe", 0],
  ["FF", "ff", 0],
];

/** Texts that look unusual and are right. */
const unusual = [
  "",
  "\0",
  "\uFEFF",
  "\uFEFFtext",
  "\uFFFE\uFFFF",
  "\u{10FFFF}",
  "\uD7FF\uE000",
  "κόσμε",
];

const prefixes = ["", "é€🙂", "a plain prefix that is longer than any shortcut needs it to be: "];

describe("text messages (RFC 6455 §5.6, §8.1)", () => {
  it.each(roles)("are what the peer wrote, whatever it wrote: %s", (role) => {
    for (const message of unusual) {
      expect(heard(role, octets(role, text(message)))).toEqual([`text ${message}`]);
    }
  });

  it.each(roles)("may be cut between any two octets, also of one character: %s", (role) => {
    const payload = Buffer.from("é€🙂\uFEFF");
    for (let cut = 0; cut <= payload.length; cut++) {
      const frames = fragments(1, payload.subarray(0, cut), payload.subarray(cut));
      expect(heard(role, octets(role, ...frames))).toEqual(["text é€🙂\uFEFF"]);
    }
    const singles = fragments(1, ...Array.from(payload, (octet) => Buffer.of(octet)));
    expect(heard(role, octets(role, ...singles))).toEqual(["text é€🙂\uFEFF"]);
  });

  it.each(roles)("are heard right wherever their only odd character is: %s", (role) => {
    for (let length = 0; length < 130; length++) {
      for (const at of new Set([0, 1, 2, 3, length >> 1, length - 2, length - 1, length])) {
        if (at < 0 || at > length) continue;
        const message = `${"x".repeat(at)}é${"x".repeat(length - at)}`;
        const calls = heardIn(role, [octets(role, text(message))]);
        expect(calls).toEqual([{ at: 0, call: `text ${message}` }]);
      }
    }
  });

  it.each(roles)(
    "are heard right when all of it is odd, wherever it lies in memory: %s",
    (role) => {
      const odd = "é".repeat(40);
      const wire = octets(role, text(odd));
      for (let at = 0; at < 8; at++) {
        const memory = Buffer.alloc(wire.length + 8);
        wire.copy(memory, at);
        const sink = new Calls();
        new FrameReader({ role, sink }).receive(memory.subarray(at, at + wire.length));
        expect(sink.lines).toEqual([`text ${odd}`]);
      }
    },
  );

  it.each(roles)("do not hang together: a %s judges each one for itself", (role) => {
    const frames = [
      ...fragments(1, Buffer.of(0xe2, 0x82), Buffer.of(0xac)),
      text(Buffer.of(0xc3, 0xa9)),
      binary(Buffer.of(0xe2, 0x82)),
      text("ok"),
      text(Buffer.of(0xac)),
    ];
    const calls = heard(role, octets(role, ...frames));
    expect(calls.slice(0, -1)).toEqual(["text €", "text é", "bytes e282", "text ok"]);
    expectFailed(calls, 1007, "ERR_TEXT_UTF8");
  });
});

describe.each(broken)("text with %s (RFC 6455 §8.1, RFC 3629 §3)", (_, broken, good) => {
  const wrong = Buffer.from(broken, "hex");
  /** The header of a short frame from a client, and from a server. */
  const header = { server: 6, client: 2 };

  it.each(roles)("fails a %s at the first octet that cannot be right", (role) => {
    for (const prefix of prefixes) {
      const payload = Buffer.concat([Buffer.from(prefix), wrong, Buffer.from(" and more")]);
      const at = header[role] + Buffer.byteLength(prefix) + good;
      const wire = octets(role, text(payload));
      expect(heardAt(role, wire)).toEqual([{ at, call: "fail 1007 ERR_TEXT_UTF8" }]);
      expectFailed(heard(role, wire), 1007, "ERR_TEXT_UTF8");
    }
  });

  it.each(roles)("fails a %s in the chunk that brings that octet", (role) => {
    for (const prefix of prefixes) {
      const payload = Buffer.concat([Buffer.from(prefix), wrong, Buffer.from(" and more")]);
      const at = header[role] + Buffer.byteLength(prefix) + good;
      const wire = octets(role, unfinished(text(payload)));
      for (let cut = 0; cut < wire.length; cut++) {
        const calls = heardIn(role, [wire.subarray(0, cut), wire.subarray(cut)]);
        expect(calls).toEqual([{ at: at < cut ? 0 : 1, call: "fail 1007 ERR_TEXT_UTF8" }]);
      }
    }
  });

  it.each(roles)("fails a %s in whatever fragments it comes", (role) => {
    const payload = Buffer.concat([Buffer.from("é"), wrong]);
    for (let cut = 0; cut <= payload.length; cut++) {
      const frames = fragments(1, payload.subarray(0, cut), payload.subarray(cut));
      const afterHeaders = (cut <= 2 + good ? 2 : 1) * header[role];
      const wire = octets(role, ...frames);
      expect(heardAt(role, wire).map(({ at }) => at)).toEqual([afterHeaders + 2 + good]);
      expectFailed(heard(role, wire), 1007, "ERR_TEXT_UTF8");
    }
  });

  it.each(roles)("is nobody's concern in a binary message: %s", (role) => {
    expect(heard(role, octets(role, binary(wrong)))).toEqual([`bytes ${hex(wrong)}`]);
    const frames = fragments(2, wrong.subarray(0, 1), wrong.subarray(1));
    expect(heard(role, octets(role, ...frames))).toEqual([`bytes ${hex(wrong)}`]);
  });
});

describe("text that ends inside a character (RFC 6455 §8.1)", () => {
  it.each(roles)("fails a %s with the message's last octet, not before", (role) => {
    for (const start of ["c3", "e2", "e282", "f0", "f09f", "f09f99"]) {
      const wrong = Buffer.from(start, "hex");
      for (const frames of [
        [text(wrong)],
        fragments(1, wrong, ""),
        fragments(1, "", wrong),
        fragments(1, "é", wrong, "", ""),
        [unfinished(text(`a longer text${"…".repeat(40)}`)), continuation(wrong)],
      ]) {
        const wire = octets(role, ...frames);
        expect(heardAt(role, wire)).toEqual([
          { at: wire.length - 1, call: "fail 1007 ERR_TEXT_UTF8" },
        ]);
        expectFailed(heard(role, wire), 1007, "ERR_TEXT_UTF8");
      }
    }
  });
});

describe("any octets as text (RFC 6455 §8.1)", () => {
  const almostText = fc
    .tuple(fc.string({ unit: "binary", maxLength: 60 }), fc.nat(), fc.option(fc.nat(255)))
    .map(([string, at, octet]) => {
      const octets = Buffer.from(string);
      if (octet !== null && octets.length > 0) octets[at % octets.length] = octet;
      return octets;
    });

  it.each(roles)("reach a %s if they are UTF-8, and fail it if not", (role) => {
    fc.assert(
      fc.property(almostText, fc.nat(), (payload, cut) => {
        const right = isUtf8(payload) ? `text ${payload.toString()}` : "fail 1007 ERR_TEXT_UTF8";
        const at = cut % (payload.length + 1);
        const parts = fragments(1, payload.subarray(0, at), payload.subarray(at));
        expect(heard(role, octets(role, text(payload)))).toEqual([right]);
        expect(heard(role, octets(role, ...parts))).toEqual([right]);
      }),
      { numRuns: 300 },
    );
  });
});
