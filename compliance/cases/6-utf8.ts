import { type Case, type Event, type Step, echo, fail } from "../case.ts";
import {
  fragmented,
  fragments,
  head,
  hex,
  pause,
  piece,
  text,
  textEnd,
  textPart,
  textStart,
} from "../steps.ts";

const accents = "Hello-µ@ßöäüàá-UTF-8!!";
const greek = Buffer.from("κ\u1f79σμε");
const surrogate = Buffer.concat([greek, hex("eda080"), Buffer.from("edited")]);

type Parts = readonly [string | Buffer, string | Buffer, string | Buffer];

/** The second part is all of a sequence beyond U+10FFFF. */
const atSequence: Parts = [greek, hex("f4908080"), "edited"];

/** The second part is the one octet that takes a sequence beyond U+10FFFF. */
const atOctet: Parts = [
  Buffer.concat([greek, hex("f4")]),
  hex("90"),
  Buffer.concat([hex("8080"), Buffer.from("edited")]),
];

/** 6.1 to 6.4: text in fragments, and how soon an invalid one is noticed (RFC 6455 §8.1). */
export const utf8: readonly Case[] = [
  echo("6.1.1", "echoes an empty text", [text("")]),
  echo("6.1.2", "echoes a text of three empty fragments", fragments("", "", "")),
  echo("6.1.3", "echoes a text between empty fragments", fragments("", "middle frame payload", "")),
  echo("6.2.1", "echoes characters of two octets", [text(accents)]),
  echo("6.2.2", "echoes a text cut between characters", fragments("Hello-µ@ßöä", "üàá-UTF-8!!")),
  echo("6.2.3", "echoes a text cut inside its characters", fragmented(accents, 1)),
  echo("6.2.4", "echoes Greek cut inside its characters", fragmented(greek, 1)),
  fail("6.3.1", "fails at a surrogate", 1007, [text(surrogate)]),
  fail("6.3.2", "fails at a surrogate cut into single octets", 1007, fragmented(surrogate, 1)),
  failFast("6.4.1", "as soon as a frame makes a text invalid", inFrames(atSequence)),
  failFast("6.4.2", "at the very octet that makes a text invalid", inFrames(atOctet)),
  failFast("6.4.3", "inside the frame that makes a text invalid", inOneFrame(atSequence)),
  failFast("6.4.4", "at the very octet inside a frame", inOneFrame(atOctet)),
];

/** The connection outlives the pause after the first part, but not the one after the second. */
function failFast(id: string, how: string, steps: readonly Step[]): Case {
  const outlived = (mark: string): Event => ({ kind: "pause", payload: Buffer.from(mark) });
  return {
    ...fail(id, `fails ${how}`, 1007, steps),
    expected: [outlived("A")],
    tolerated: [outlived("A"), outlived("B")],
  };
}

function inFrames([first, second, third]: Parts): Step[] {
  return [textStart(first), pause(1, "A"), textPart(second), pause(1, "B"), textEnd(third)];
}

function inOneFrame([first, second, third]: Parts): Step[] {
  return [
    head({ opcode: 1, fin: false, rsv: 0 }, 21),
    piece(first),
    pause(1, "A"),
    piece(second),
    pause(1, "B"),
    piece(third),
    textEnd(""),
  ];
}
