import { type Case, type Step, echo, failAfter } from "../case.ts";
import { close, frame, hex, ping, repeat, text, textEnd, textStart } from "../steps.ts";

const valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const forbidden = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
const unheardOf = [5000, 65535];

/** 7: the closing handshake (RFC 6455 §5.5.1, §7). */
export const closing: readonly Case[] = [
  obeys("7.1.1", "echoes a message, then closes", [text("Hello World!")]),
  obeys("7.1.2", "ignores a second close frame", [close(1000), frame(8)]),
  obeys("7.1.3", "answers no ping after a close frame", [close(1000), ping()]),
  obeys("7.1.4", "echoes nothing after a close frame", [close(1000), text("Hello World!")]),
  obeys("7.1.5", "closes in the middle of a message", [
    textStart("fragment1"),
    close(1000),
    textEnd("fragment2"),
  ]),
  {
    ...echo(
      "7.1.6",
      "closes behind a large message, with or without its echo",
      [text(repeat("BAsd7&jh23", 262144)), text("Hello World!"), close(1000), ping()],
      failAfter(1),
    ),
    expected: [{ kind: "text", payload: Buffer.from("Hello World!") }],
    tolerated: [],
    informational: true,
  },

  obeys("7.3.1", "answers a close frame without code", [close()]),
  refuses("7.3.2", "refuses a close frame of one octet", [1002], {
    do: "close",
    payload: hex("61"),
  }),
  obeys("7.3.3", "answers a close frame without reason", [close(1000)]),
  obeys("7.3.4", "answers a close frame with a reason", [close(1000, "Hello World!")]),
  obeys("7.3.5", "answers a close frame of 125 octets", [close(1000, repeat("*", 123))]),
  refuses("7.3.6", "refuses a close frame of 126 octets", [1002], close(1000, repeat("*", 124))),
  refuses(
    "7.5.1",
    "refuses a reason that is no UTF-8",
    [1002, 1007],
    close(1000, hex("cebae1bdb9cf83cebcceb5eda080656469746564")),
  ),
  ...valid.map((code, i) =>
    obeys(`7.7.${i + 1}`, `answers the close code ${code}`, [close(code)], code),
  ),
  ...forbidden.map((code, i) =>
    refuses(`7.9.${i + 1}`, `refuses the close code ${code}`, [1002], close(code)),
  ),
  ...unheardOf.map((code, i) => ends(`7.13.${i + 1}`, `ends at the close code ${code}`, code)),
];

/** The connection ends cleanly, with 1000 or the code that the tester gave. */
function obeys(id: string, title: string, steps: readonly Step[], code = 1000): Case {
  const codes = code === 1000 ? [1000] : [1000, code];
  return {
    ...echo(id, title, steps, failAfter(1)),
    close: { by: "tester", codes, clean: true, decisive: "code" },
  };
}

/** The close frame is not accepted: the peer answers one of `codes`, or drops TCP. */
function refuses(id: string, title: string, codes: readonly number[], step: Step): Case {
  return {
    ...echo(id, title, [step], failAfter(1)),
    close: { by: "tester", codes, clean: false, decisive: "code" },
  };
}

/** What is right is not for us to say, as long as it ends. */
function ends(id: string, title: string, code: number): Case {
  return {
    ...echo(id, title, [close(code)], failAfter(1)),
    close: { by: "tester", codes: [1000, code, 1002], clean: false },
    informational: true,
  };
}
