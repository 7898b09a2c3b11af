import type { Demand } from "./compression.ts";
import type { Frame } from "./frame.ts";

/** One case: what the tester sends, and what a peer that only echoes has to make of it. */
export interface Case {
  readonly id: string;
  /** What a good peer does, as the end of a sentence: "answers an empty ping". */
  readonly title: string;
  readonly steps: readonly Step[];
  /** What the peer sends when it does best. */
  readonly expected: readonly Event[];
  /** What it may send as well, at the price of a NON-STRICT. */
  readonly tolerated?: readonly Event[];
  /** The RFC leaves open what the peer sends: whatever it is, the case is INFORMATIONAL. */
  readonly informational?: boolean;
  readonly close: Close;
  readonly end: End;
  /** What the tester asks of compression, best first. Without it, it will have none. */
  readonly compression?: readonly Demand[];
}

/** One thing that the tester does. */
export type Step =
  | { readonly do: "frame"; readonly frame: Frame; readonly write: Write }
  /** The head of a frame whose payload follows in pieces. */
  | { readonly do: "head"; readonly frame: Omit<Frame, "payload">; readonly length: number }
  | { readonly do: "piece"; readonly payload: Buffer }
  | { readonly do: "message"; readonly message: Message }
  | { readonly do: "rounds"; readonly rounds: Rounds }
  /** A close frame that starts the closing handshake; one among `frame` steps is mere octets. */
  | { readonly do: "close"; readonly payload: Buffer }
  /** Silence. A marked one becomes an event when the connection outlives it. */
  | { readonly do: "pause"; readonly seconds: number; readonly mark?: string };

/** A message in as many frames as it takes. It is compressed where that was agreed on. */
export interface Message {
  readonly opcode: number;
  readonly payload: Buffer;
  /** How many octets a frame has; the last one has what remains, and be it nothing. */
  readonly frameSize?: FrameSize;
}

/** The same for each frame, or any number from 1 to `upTo`, which differs from frame to frame. */
export type FrameSize = number | { readonly upTo: number };

/** Messages one after another, each sent when the echo of the one before is there. */
export interface Rounds {
  readonly opcode: number;
  readonly count: number;
  /** How long each message is. */
  readonly length: number;
  readonly payload: (index: number) => Buffer;
  readonly frameSize?: FrameSize;
}

/** How octets reach TCP: all together, frame by frame, or so many octets at a time. */
export type Write = "coalesce" | "flush" | { readonly chop: number };

/**
 * Something that the tester observes, in order. Markers of survived pauses are among them, and one
 * for rounds of which every echo was right.
 */
export interface Event {
  readonly kind: "text" | "binary" | "ping" | "pong" | "pause" | "rounds";
  readonly payload: Buffer;
}

/** How the connection has to end. */
export interface Close {
  /** Who sends the first close frame or, where it is the peer, just drops TCP. */
  readonly by: "tester" | "peer";
  /** Codes that the peer may give; giving none is right as well. The tester closes with the first. */
  readonly codes: readonly number[];
  /** Whether the closing handshake has to be completed. */
  readonly clean: boolean;
  /** What, when it is wrong, makes the peer's answers worthless too. */
  readonly decisive?: "initiator" | "code";
}

/** What the tester does when the connection is still open so long after the last step. */
export interface End {
  readonly action: "close" | "fail";
  readonly seconds: number;
}

export const closeAfter = (seconds: number): End => ({ action: "close", seconds });
export const failAfter = (seconds: number): End => ({ action: "fail", seconds });

/** The peer answers everything, then the tester closes with 1000. */
export function echo(
  id: string,
  title: string,
  steps: readonly Step[],
  end: End = closeAfter(1),
): Case {
  const close: Close = { by: "tester", codes: [1000], clean: true };
  return { id, title, steps, expected: answers(steps), close, end };
}

/**
 * The peer fails the connection with `code` at the first of `steps`. What went before, `after`, is
 * answered; a peer that fails before its answers are out is only NON-STRICT.
 */
export function fail(
  id: string,
  title: string,
  code: number,
  steps: readonly Step[],
  { after = [], end = failAfter(1) }: { after?: readonly Step[]; end?: End } = {},
): Case {
  return {
    id,
    title,
    steps: [...after, ...steps],
    expected: answers(after),
    ...(after.length > 0 && { tolerated: [] }),
    close: {
      by: "peer",
      codes: [code],
      clean: false,
      ...(code === 1007 && { decisive: "initiator" }),
    },
    end,
  };
}

/** What an echo sends back: a ping as a pong, a message whole, nothing once it was told to close. */
function answers(steps: readonly Step[]): Event[] {
  const events: Event[] = [];
  let kind: "text" | "binary" = "text";
  let fragments: Buffer[] = [];
  for (const step of steps) {
    if (step.do === "close") break;
    if (step.do === "rounds") events.push({ kind: "rounds", payload: Buffer.alloc(0) });
    if (step.do === "message") {
      const { opcode, payload } = step.message;
      events.push({ kind: opcode === 1 ? "text" : "binary", payload });
    }
    if (step.do !== "frame") continue;
    const { opcode, fin, payload } = step.frame;
    if (opcode === 9) events.push({ kind: "pong", payload });
    if (opcode > 2) continue;
    if (opcode !== 0) kind = opcode === 1 ? "text" : "binary";
    fragments.push(payload);
    if (!fin) continue;
    events.push({ kind, payload: Buffer.concat(fragments) });
    fragments = [];
  }
  return events;
}
