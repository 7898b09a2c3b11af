import { type Case, closeAfter, echo, fail } from "../case.ts";
import { chopped, close, hex, ping, pong, repeat } from "../steps.ts";

const longest = repeat(hex("fe"), 125);
const ten = Array.from({ length: 10 }, (_, i) => ping(`payload-${i}`));
const unsolicited = pong("unsolicited pong payload");

/** 2: pings and pongs (RFC 6455 §5.5.2, §5.5.3). */
export const pingAndPong: readonly Case[] = [
  echo("2.1", "answers an empty ping", [ping()]),
  echo("2.2", "answers a ping with text", [ping("Hello, world!")]),
  echo("2.3", "answers a ping with octets that are no UTF-8", [ping(hex("00fffefdfcfb00ff"))]),
  echo("2.4", "answers a ping of 125 octets, the longest there is", [ping(longest)]),
  fail("2.5", "fails at a ping of 126 octets", 1002, [ping(repeat(hex("fe"), 126))]),
  echo(
    "2.6",
    "answers a ping of 125 octets octet by octet",
    chopped(1, ping(longest)),
    closeAfter(2),
  ),
  echo("2.7", "ignores an empty pong that it never asked for", [pong(), close(1000)]),
  echo("2.8", "ignores a pong with payload that it never asked for", [unsolicited, close(1000)]),
  echo("2.9", "answers the ping behind an unsolicited pong", [unsolicited, ping("ping payload")]),
  echo("2.10", "answers each of ten pings, in order", ten, closeAfter(3)),
  echo("2.11", "answers each of ten pings octet by octet", chopped(1, ...ten), closeAfter(3)),
];
