import { type Case, fail } from "../case.ts";
import { chopped, frame, ping, text } from "../steps.ts";

/** 4: opcodes that nobody has defined yet (RFC 6455 §5.2). */
export const opcodes: readonly Case[] = [
  ...reserved("4.1", "data", [3, 4, 5, 6, 7]),
  ...reserved("4.2", "control", [11, 12, 13, 14, 15]),
];

function reserved(section: string, kind: string, [a, b, c, d, e]: readonly number[]): Case[] {
  const hello = text("Hello, world!");
  const unknown = (opcode = 0, payload = "") => frame(opcode, payload);
  const after = [hello];
  return [
    fail(`${section}.1`, `fails at ${kind} opcode ${a}`, 1002, [unknown(a)]),
    fail(`${section}.2`, `fails at ${kind} opcode ${b} with payload`, 1002, [
      unknown(b, "reserved opcode payload"),
    ]),
    fail(
      `${section}.3`,
      `echoes, then fails at ${kind} opcode ${c} and sends no pong`,
      1002,
      [unknown(c), ping()],
      { after },
    ),
    fail(
      `${section}.4`,
      `echoes, then fails at ${kind} opcode ${d} with payload`,
      1002,
      [unknown(d, "Hello, world!"), ping()],
      { after },
    ),
    fail(
      `${section}.5`,
      `echoes, then fails at ${kind} opcode ${e} octet by octet`,
      1002,
      chopped(1, unknown(e, "Hello, world!"), ping()),
      { after: chopped(1, ...after) },
    ),
  ];
}
