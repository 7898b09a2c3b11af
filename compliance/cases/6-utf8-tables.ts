import { type Case, echo, fail, failAfter } from "../case.ts";
import { hex, repeat, text } from "../steps.ts";

/** A text, and whether its octets are UTF-8. Said here, case by case, and not by some decoder. */
interface Sample {
  readonly octets: Buffer;
  readonly valid: boolean;
}

const valid = (...texts: string[]): Sample[] =>
  texts.map((t) => ({ octets: Buffer.from(t), valid: true }));
const invalid = (...digits: string[]): Sample[] =>
  digits.map((each) => ({ octets: hex(each), valid: false }));

const planes = Array.from({ length: 17 }, (_, plane) => plane * 0x10000);
const character = String.fromCodePoint;

const truncated = [
  ...["c0", "e080", "f08080", "f8808080", "fc80808080"],
  ...["df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"],
];
const highSurrogates = ["eda080", "edadbf", "edae80", "edafbf"];

const tables: [section: string, what: string, samples: Sample[]][] = [
  [
    "6.5",
    "characters of every length",
    valid("hello$world", "hello¢world", "hello€world", "hello𤭢world", "κ\u1f79σμε"),
  ],
  ["6.6", "a prefix of a Greek word", prefixes(Buffer.from("κ\u1f79σμε"), [2, 5, 7, 9, 11])],
  ["6.7", "the first character of a length", valid("\0", "\u0080", "\u0800", "\u{10000}")],
  ["6.8", "the first sequence of five or six octets", invalid("f888808080", "fc8480808080")],
  ["6.9", "the last character of a length", valid("\u007f", "\u07ff", "\uffff", "\u{10ffff}")],
  [
    "6.10",
    "the last sequence of four to six octets",
    invalid("f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"),
  ],
  [
    "6.11",
    "a border of what is valid",
    [...valid("\ud7ff", "\ue000", "\ufffd", "\u{10ffff}"), ...invalid("f4908080")],
  ],
  [
    "6.12",
    "continuation octets alone",
    invalid("80", "bf", ...[2, 3, 4, 5, 6].map(alternating), range(0x80, 0xbe)),
  ],
  [
    "6.13",
    "first octets alone",
    invalid(
      spaced(0xc0, 0xde),
      spaced(0xe0, 0xee),
      spaced(0xf0, 0xf6),
      spaced(0xf8, 0xfa),
      spaced(0xfc, 0xfc),
    ),
  ],
  ["6.14", "a sequence without its last octet", invalid(...truncated)],
  ["6.15", "sequences without their last octets", invalid(truncated.join(""))],
  ["6.16", "octets that UTF-8 never has", invalid("fe", "ff", "fefeffff")],
  [
    "6.17",
    "an overlong slash",
    invalid("c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"),
  ],
  [
    "6.18",
    "the last overlong sequence of a length",
    invalid("c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"),
  ],
  ["6.19", "an overlong NUL", invalid("c080", "e08080", "f0808080", "f880808080", "fc8080808080")],
  ["6.20", "one surrogate", invalid(...highSurrogates, "edb080", "edbe80", "edbfbf")],
  [
    "6.21",
    "a pair of surrogates",
    invalid(...highSurrogates.flatMap((high) => [`${high}edb080`, `${high}edbfbf`])),
  ],
  [
    "6.22",
    "a noncharacter",
    valid(...planes.flatMap((plane) => [character(plane + 0xfffe), character(plane + 0xffff)])),
  ],
  [
    "6.23",
    "a special character",
    valid(...[9, 10, 11, 12, 13, 14, 15].map((i) => character(0xfff0 + i))),
  ],
];

/** 6.5 to 6.23: one text frame each (RFC 3629 §3, §4). */
export const utf8Tables: readonly Case[] = tables.flatMap(([section, what, samples]) =>
  samples.map(({ octets, valid }, i) => {
    const id = `${section}.${i + 1}`;
    const end = failAfter(0.5);
    const digits = octets.toString("hex");
    const shown = digits.length > 24 ? `${digits.slice(0, 24)}…` : digits;
    return valid
      ? echo(id, `echoes ${what}: ${shown}`, [text(octets)], end)
      : fail(id, `fails at ${what}: ${shown}`, 1007, [text(octets)], { end });
  }),
);

function prefixes(word: Buffer, complete: readonly number[]): Sample[] {
  return Array.from(word, (_, i) => ({
    octets: word.subarray(0, i + 1),
    valid: complete.includes(i + 1),
  }));
}

function alternating(length: number): string {
  return repeat(hex("80bf"), length).toString("hex");
}

/** The octets from `first` to `last`, in hex. */
function range(first: number, last: number, between = ""): string {
  const octets = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return octets.map((octet) => octet.toString(16) + between).join("");
}

/** The same, each before a space. */
function spaced(first: number, last: number): string {
  return range(first, last, "20");
}
