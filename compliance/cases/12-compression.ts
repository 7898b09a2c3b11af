import { type Case, type FrameSize, echo, failAfter } from "../case.ts";
import type { Demand } from "../compression.ts";
import type { Material } from "../payload.ts";
import { rounds } from "./9-limits.ts";

const kibibyte = 1024;

/** How long the messages are, and how long the frames that they come in. */
const sizes: readonly (readonly [length: number, frameSize?: FrameSize])[] = [
  ...[16, 64, 256].map((length) => [length] as const),
  ...[1, 4, 8, 16, 32, 64, 128].map((length) => [length * kibibyte] as const),
  ...[8, 16, 32, 64, 128].map((length) => [length * kibibyte, { upTo: 256 }] as const),
  ...[1, 4, 32].map((upTo) => [128 * kibibyte, { upTo: upTo * kibibyte }] as const),
];

/** The cases of a section: 1000 compressed messages each, of every size. */
function section(
  id: string,
  material: Material,
  what: string,
  compression: readonly Demand[],
): Case[] {
  return sizes.map(([length, frameSize], i) => {
    const frames =
      typeof frameSize === "object" ? ` in frames of up to ${frameSize.upTo}, at random` : "";
    return {
      ...echo(
        `${id}.${i + 1}`,
        `echoes 1000 messages of ${length} octets${frames}: ${what}`,
        [rounds(material, length, frameSize)],
        failAfter(10),
      ),
      compression,
    };
  });
}

const plain: Demand = { noContextTakeover: false };
const narrow = 9;
const wide = 15;

/** 12: compression as it comes, of what is hard and what is easy to compress (RFC 7692 §7). */
export const compression: readonly Case[] = [
  ...section("12.1", "prose", "prose", [plain]),
  ...section("12.2", "picture", "a picture", [plain]),
  ...section("12.3", "noise", "noise", [plain]),
  ...section("12.4", "records", "records", [plain]),
  ...section("12.5", "markup", "markup", [plain]),
];

/** 13: compression in every way that can be agreed on (RFC 7692 §7.1). */
export const compressionParameters: readonly Case[] = [
  ...section("13.1", "records", "nothing asked", [plain]),
  ...section("13.2", "records", "without context takeover", [{ noContextTakeover: true }]),
  ...section("13.3", "records", "with a narrow window", [
    { noContextTakeover: false, windowBits: narrow },
  ]),
  ...section("13.4", "records", "with a wide window", [
    { noContextTakeover: false, windowBits: wide },
  ]),
  ...section("13.5", "records", "without context takeover, with a narrow window", [
    { noContextTakeover: true, windowBits: narrow },
  ]),
  ...section("13.6", "records", "without context takeover, with a wide window", [
    { noContextTakeover: true, windowBits: wide },
  ]),
  ...section("13.7", "records", "the first of three offers that is taken", [
    { noContextTakeover: true, windowBits: narrow },
    { noContextTakeover: true },
    plain,
  ]),
];
