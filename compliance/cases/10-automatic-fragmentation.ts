import { type Case, echo, failAfter } from "../case.ts";
import { fragmented, repeat } from "../steps.ts";

/** 10: a long message that its sender cut up (RFC 6455 §5.4). */
export const automaticFragmentation: readonly Case[] = [
  echo(
    "10.1.1",
    "joins 65536 octets from frames of 1300",
    fragmented(repeat("*", 65536), 1300),
    failAfter(10),
  ),
];
