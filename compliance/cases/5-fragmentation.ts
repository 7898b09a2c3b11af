import { type Case, type Step, type Write, echo, fail } from "../case.ts";
import {
  flushed,
  fragments,
  frame,
  pause,
  ping,
  text,
  textEnd,
  textPart,
  textStart,
  written,
} from "../steps.ts";

const message = fragments("fragment1", "fragment2");

/** 5: messages in fragments, with control frames between them (RFC 6455 §5.4). */
export const fragmentation: readonly Case[] = [
  fail("5.1", "fails at a ping in fragments", 1002, inFragments(9)),
  fail("5.2", "fails at a pong in fragments", 1002, inFragments(10)),
  ...threeWays(3, (id, how, write) =>
    echo(id, `joins two fragments ${how}`, written(write, message)),
  ),
  ...threeWays(6, (id, how, write) =>
    echo(
      id,
      `answers a ping between two fragments ${how}`,
      written(write, [textStart("fragment1"), ping("ping payload"), textEnd("fragment2")]),
    ),
  ),
  ...threeWays(9, (id, how, write) =>
    fail(id, `fails at a last fragment of nothing ${how}`, 1002, written(write, stray(textEnd))),
  ),
  ...threeWays(12, (id, how, write) =>
    fail(id, `fails at a fragment of nothing ${how}`, 1002, written(write, stray(textPart))),
  ),
  fail(
    "5.15",
    "echoes a message, then fails at a fragment of nothing",
    1002,
    [textPart("fragment3"), text("fragment4")],
    { after: message },
  ),
  fail("5.16", "fails at a fragment before the first one", 1002, twice(textPart("fragment1"))),
  fail("5.17", "fails at a last fragment before the first one", 1002, twice(textEnd("fragment1"))),
  fail("5.18", "fails at a new message inside a message", 1002, [
    textStart("fragment1"),
    text("fragment2"),
  ]),
  echo("5.19", "answers pings and joins five fragments across a pause", fiveFragments()),
  echo(
    "5.20",
    "answers pings and joins five fragments frame by frame",
    flushed(...fiveFragments()),
  ),
];

/** Three cases in a row, which differ in how their frames reach TCP. */
function threeWays(first: number, make: (id: string, how: string, write: Write) => Case): Case[] {
  return [
    make(`5.${first}`, "back to back", "coalesce"),
    make(`5.${first + 1}`, "frame by frame", "flush"),
    make(`5.${first + 2}`, "octet by octet", { chop: 1 }),
  ];
}

function inFragments(opcode: number): Step[] {
  return [frame(opcode, "fragment1", { fin: false }), textEnd("fragment2")];
}

function stray(continuation: (payload: string) => Step): Step[] {
  return [continuation("non-continuation payload"), text("Hello, world!")];
}

function twice(strayFrame: Step): Step[] {
  const once = [strayFrame, textStart("fragment2"), textEnd("fragment3")];
  return [...once, ...once];
}

function fiveFragments(): Step[] {
  return [
    textStart("fragment1"),
    textPart("fragment2"),
    ping("pongme 1!"),
    pause(1),
    textPart("fragment3"),
    textPart("fragment4"),
    ping("pongme 2!"),
    textEnd("fragment5"),
  ];
}
