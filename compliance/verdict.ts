import type { Case, Event } from "./case.ts";
import type { Role } from "./opening.ts";

/** What the tester has seen of one connection. */
export interface Observation {
  /** Whether the opening handshake succeeded. */
  opened: boolean;
  readonly events: Event[];
  /** Who sent the first close frame or, for the peer, dropped TCP. */
  closedBy: "tester" | "peer" | undefined;
  /** The code in the peer's close frame, if it had one. */
  peerCode: number | undefined;
  peerReason: string;
  /** Whether close frames went both ways. */
  clean: boolean;
  /** The tester waited in vain for a close frame, or for the end of TCP, and dropped it itself. */
  gaveUp: boolean;
  /** What the peer sent against the protocol. */
  violation: string | undefined;
  /** Whether the case took longer than a case may take. */
  timedOut: boolean;
  /** Whether compression was agreed on. */
  agreed: boolean;
  readonly traffic: Traffic;
  /** Everything that happened, in order, for people to read. */
  readonly log: string[];
}

/** What messages a peer sent. */
export interface Traffic {
  messages: number;
  /** How long they were together, and as how much of payload they came. */
  octets: number;
  sent: number;
  /** How many came compressed. */
  compressed: number;
}

type Answers = "OK" | "NON-STRICT" | "INFORMATIONAL" | "UNIMPLEMENTED" | "FAILED";
type Ending = "OK" | "UNCLEAN" | "WRONG CODE" | "FAILED" | "FAILED BY CLIENT";

/** How a peer did in one case. */
export interface Verdict {
  readonly id: string;
  /** Both judgements in one: that of the answers, unless the ending is the worse one. */
  readonly result: Answers | Ending;
  readonly answers: Answers;
  readonly ending: Ending;
  /** Why the result is not OK, in a few words. Empty when it is. */
  readonly reason: string;
  /** What the tester expected and what happened, to be shown when the result is not liked. */
  readonly evidence: string;
  readonly agreed: boolean;
  /** Whether the tester waited in vain, for whatever it was. */
  readonly stuck: boolean;
  readonly traffic: Traffic;
}

export function judge(given: Case, seen: Observation, role: Role): Verdict {
  const ending = judgeEnding(given, seen, role);
  const answers = judgeAnswers(given, seen, ending);
  const result = answers === "FAILED" || ending === "OK" ? answers : ending;
  return {
    id: given.id,
    result,
    answers,
    ending,
    reason: answers === "OK" && ending === "OK" ? "" : reason(given, seen),
    evidence: evidence(given, seen, answers, ending),
    agreed: seen.agreed,
    stuck: seen.timedOut || seen.gaveUp,
    traffic: seen.traffic,
  };
}

/** The verdict on a peer that there was no connection with. */
export function neverOpened(given: Case, why: string): Verdict {
  return judge(given, { ...nothingSeen(), log: [why] }, "client");
}

export function nothingSeen(): Observation {
  return {
    opened: false,
    events: [],
    closedBy: undefined,
    peerCode: undefined,
    peerReason: "",
    clean: false,
    gaveUp: false,
    violation: undefined,
    timedOut: false,
    agreed: false,
    traffic: { messages: 0, octets: 0, compressed: 0, sent: 0 },
    log: [],
  };
}

function judgeAnswers(given: Case, seen: Observation, ending: Ending): Answers {
  const { decisive } = given.close;
  if (!seen.opened || seen.timedOut || seen.violation !== undefined) return "FAILED";
  if (given.compression && !seen.agreed) return "UNIMPLEMENTED";
  if (decisive === "initiator" && ending === "FAILED") return "FAILED";
  if (decisive === "code" && ending === "WRONG CODE") return "FAILED";
  if (given.informational) return "INFORMATIONAL";
  if (same(seen.events, given.expected)) return "OK";
  if (given.tolerated && same(seen.events, given.tolerated)) return "NON-STRICT";
  return "FAILED";
}

function judgeEnding({ close }: Case, seen: Observation, role: Role): Ending {
  if (!seen.opened || seen.closedBy !== close.by) return "FAILED";
  if (close.clean && !seen.clean) return "UNCLEAN";
  if (seen.peerCode !== undefined && !close.codes.includes(seen.peerCode)) return "WRONG CODE";
  // The public suite lets a client off that ignores a bad close frame. Here that is not clean.
  if (seen.gaveUp) return role === "client" ? "FAILED BY CLIENT" : "UNCLEAN";
  return "OK";
}

export function same(some: readonly Event[], others: readonly Event[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ kind, payload }, i) => {
      const other = others[i];
      return kind === other?.kind && payload.equals(other.payload);
    })
  );
}

function reason(given: Case, seen: Observation): string {
  if (!seen.opened) return seen.log.join("; ");
  if (seen.violation !== undefined) return seen.violation;
  if (seen.timedOut) return `${seen.log.at(-1)}; ${seen.traffic.messages} messages came back`;
  if (given.informational) return `it closed with ${seen.peerCode ?? "no code"}`;
  if (given.compression && !seen.agreed) return "it does not compress in this way";
  const words = [`closed by the ${seen.closedBy}`];
  if (seen.peerCode !== undefined) words.push(`with ${seen.peerCode}`);
  if (seen.peerReason !== "") words.push(`"${seen.peerReason}"`);
  const end = seen.gaveUp ? "nobody closed in time" : words.join(" ");
  return same(seen.events, given.expected) ? end : `after ${list(seen.events)} ${end}`;
}

function evidence(given: Case, seen: Observation, answers: Answers, ending: Ending): string {
  const { by, codes, clean } = given.close;
  return [
    `${given.id} ${given.title}: answers ${answers}, ending ${ending}`,
    `expected: ${list(given.expected)}`,
    ...(given.tolerated ? [`tolerated: ${list(given.tolerated)}`] : []),
    `expected end: by the ${by}, ${codes.join(" or ")}${clean ? ", clean" : ""}`,
    ...seen.log.map((line) => `  ${line}`),
  ].join("\n");
}

function list(events: readonly Event[]): string {
  return (
    events
      .map(({ kind, payload }) =>
        kind === "pause" ? `pause ${payload}` : `${kind} ${brief(payload)}`,
      )
      .join(", ") || "nothing"
  );
}

/** A payload in a few words: its octets in hex, or the first of them and how many there are. */
export function brief(payload: Buffer): string {
  if (payload.length === 0) return "(empty)";
  const start = payload.toString("hex", 0, 24);
  return payload.length <= 24 ? start : `${start}… (${payload.length} octets)`;
}
