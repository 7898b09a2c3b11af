import { type Case, type Step, echo, failAfter } from "../case.ts";
import { binary, chopped, hex, repeat, text } from "../steps.ts";

/** 1: whole messages, at each border of the three ways to write a length (RFC 6455 §5.2). */
export const framing: readonly Case[] = [
  ...lengths("1.1", "text", (length) => text(repeat("*", length))),
  ...lengths("1.2", "binary", (length) => binary(repeat(hex("fe"), length))),
];

function lengths(section: string, kind: string, message: (length: number) => Step): Case[] {
  const whole = [0, 125, 126, 127, 128, 65535, 65536].map((length, i) =>
    echo(
      `${section}.${i + 1}`,
      `echoes a ${kind} message of ${length} octets`,
      [message(length)],
      failAfter(length < 65535 ? 1 : 10),
    ),
  );
  const inChops = echo(
    `${section}.8`,
    `echoes a ${kind} message of 65536 octets that arrives 997 at a time`,
    chopped(997, message(65536)),
    failAfter(10),
  );
  return [...whole, inChops];
}
