import { type Case, type FrameSize, type Step, echo, failAfter } from "../case.ts";
import { type Material, excerpt, isText } from "../payload.ts";
import { chopped, frame } from "../steps.ts";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const seconds = (length: number) => failAfter(length < mebibyte ? 10 : 100);

/** 9: long messages, messages in many frames or in many segments, and many messages. */
export const limits: readonly Case[] = [
  ...whole("9.1", "records"),
  ...whole("9.2", "noise"),
  ...inFrames("9.3", "records"),
  ...inFrames("9.4", "noise"),
  ...inChops("9.5", "records"),
  ...inChops("9.6", "noise"),
  ...inRounds("9.7", "records"),
  ...inRounds("9.8", "noise"),
];

function whole(section: string, material: Material): Case[] {
  const sizes = [64 * kibibyte, 256 * kibibyte, ...[1, 4, 8, 16].map((n) => n * mebibyte)];
  return sizes.map((length, i) =>
    lazyEcho(
      `${section}.${i + 1}`,
      `echoes a ${kind(material)} message of ${length / kibibyte} KiB in one frame`,
      () => [message(material, length)],
      length,
    ),
  );
}

function inFrames(section: string, material: Material): Case[] {
  const length = 4 * mebibyte;
  return Array.from({ length: 9 }, (_, i) => {
    const size = 64 * 4 ** i;
    return lazyEcho(
      `${section}.${i + 1}`,
      `joins a ${kind(material)} message of ${length} octets from frames of ${size}`,
      () => [message(material, length, size)],
      length,
    );
  });
}

function inChops(section: string, material: Material): Case[] {
  return [61, 127, 251, 509, 1021, 2039].map((chop, i) =>
    lazyEcho(
      `${section}.${i + 1}`,
      `echoes a ${kind(material)} message of ${mebibyte} octets that arrives ${chop} at a time`,
      () => chopped(chop, frame(opcode(material), excerpt(material, 0, mebibyte))),
      mebibyte,
    ),
  );
}

function inRounds(section: string, material: Material): Case[] {
  return [0, 16, 64, 256, 1024, 4096].map((length, i) =>
    echo(
      `${section}.${i + 1}`,
      `echoes 1000 ${kind(material)} messages of ${length} octets, one after another`,
      [rounds(material, length)],
      failAfter(10),
    ),
  );
}

/** The echoes of 1000 messages, each from another place of the material. */
export function rounds(material: Material, length: number, frameSize?: FrameSize): Step {
  return {
    do: "rounds",
    rounds: {
      opcode: opcode(material),
      count: 1000,
      length,
      // A step that has no divisor in common with anything: no two messages are alike.
      payload: (index) => excerpt(material, index * 7919, length),
      ...(frameSize !== undefined && { frameSize }),
    },
  };
}

function message(material: Material, length: number, frameSize?: number): Step {
  const payload = excerpt(material, 0, length);
  return {
    do: "message",
    message: { opcode: opcode(material), payload, ...(frameSize !== undefined && { frameSize }) },
  };
}

/** A case whose octets, which are many, are made when somebody looks at them. */
function lazyEcho(id: string, title: string, steps: () => Step[], length: number): Case {
  return {
    ...echo(id, title, [], seconds(length)),
    get steps() {
      return steps();
    },
    get expected() {
      return echo(id, title, steps()).expected;
    },
  };
}

function opcode(material: Material): number {
  return isText(material) ? 1 : 2;
}

function kind(material: Material): string {
  return isText(material) ? "text" : "binary";
}
