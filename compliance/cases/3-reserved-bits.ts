import { type Case, fail } from "../case.ts";
import { chopped, flushed, frame, hex, ping, text } from "../steps.ts";

const hello = text("Hello, world!");
const reserved = (rsv: number, opcode = 1, payload: string | Buffer = "Hello, world!") =>
  frame(opcode, payload, { rsv });

/** 3: reserved bits that no extension has asked for (RFC 6455 §5.2). */
export const reservedBits: readonly Case[] = [
  fail("3.1", "fails at a text frame with RSV3", 1002, [reserved(1)]),
  fail("3.2", "echoes, then fails at RSV2 and sends no pong", 1002, [reserved(2), ping()], {
    after: [hello],
  }),
  fail(
    "3.3",
    "echoes, then fails at RSV2 and RSV3 frame by frame",
    1002,
    flushed(reserved(3), ping()),
    {
      after: flushed(hello),
    },
  ),
  fail("3.4", "echoes, then fails at RSV1 octet by octet", 1002, chopped(1, reserved(4), ping()), {
    after: chopped(1, hello),
  }),
  fail("3.5", "fails at a binary frame with RSV1 and RSV3", 1002, [
    reserved(5, 2, hex("00fffefdfcfb00ff")),
  ]),
  fail("3.6", "fails at a binary frame with RSV1 and RSV2", 1002, [reserved(6, 2)]),
  fail("3.7", "fails at a close frame with all reserved bits", 1002, [reserved(7, 8, "")]),
];
