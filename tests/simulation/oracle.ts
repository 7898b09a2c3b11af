import type { Delivery, Gap, Joined } from "../../src/layers/channel-layer.ts";

/** What may be broken: the invariants of a world, which every layer promises. */
export const invariants = {
  I1: "nobody gets a message that was not sent, or not to this group, or that was changed on its way",
  I2: "nobody gets a message twice, or before an earlier one",
  I3: "nobody misses a message without being told of a gap",
  I4: "a recovery is what it says: everything after the position, or nothing old at all",
  I5: "a position names one message, for everybody and for ever",
  I6: "what was acknowledged reaches all who were there, or they hear of a gap",
  I7: "a message that is sent again with its id is sent once, and has one position",
  I8: "when everybody has gone, nothing is left behind",
  I9: "after leaving or closing nothing more is delivered",
  I10: "when the faults are over, everybody gets up to the newest message",
  I11: "who is left out by `except` does not get the message, and everybody else does",
  I12: "nothing throws that must not, and a process ends by nobody's message",
  I13: "when the faults are over, everybody knows who is there, and was told",
} as const;

/** The name of an invariant. */
export type Invariant = keyof typeof invariants;

/** A message, as whoever sends it describes it. */
export interface Sent {
  /** Of this world, one for each message; what is sent again has the same one. */
  readonly number: number;
  readonly group: string;
  readonly id: string | undefined;
  /** The session that is left out. */
  readonly except: string | undefined;
}

/** One thing that happened, as those who took part in it tell it. */
export type Entry =
  | { readonly what: "send"; readonly sent: Sent; readonly node: string }
  | { readonly what: "sent"; readonly number: number; readonly position: string | undefined }
  | { readonly what: "unsent"; readonly number: number; readonly why: string }
  | {
      readonly what: "append";
      readonly group: string;
      readonly number: number;
      readonly epoch: string;
      readonly offset: number;
    }
  | {
      readonly what: "open";
      readonly session: string;
      readonly client: string;
      readonly node: string;
    }
  | {
      readonly what: "join";
      readonly session: string;
      readonly group: string;
      readonly since: string | undefined;
    }
  | {
      readonly what: "joined";
      readonly session: string;
      readonly group: string;
      readonly joined: Joined;
    }
  | {
      readonly what: "not joined";
      readonly session: string;
      readonly group: string;
      readonly why: string;
    }
  | { readonly what: "leave"; readonly session: string; readonly group: string }
  | { readonly what: "close"; readonly session: string }
  | {
      readonly what: "deliver";
      readonly session: string;
      readonly group: string;
      readonly number: number;
      readonly delivery: Delivery;
    }
  | {
      readonly what: "refuse";
      readonly session: string;
      readonly group: string;
      readonly position: string | undefined;
    }
  | { readonly what: "resume"; readonly session: string }
  | { readonly what: "gap"; readonly session: string; readonly gap: Gap }
  | {
      readonly what: "handle";
      readonly client: string;
      readonly group: string;
      readonly number: number;
      readonly position: string | undefined;
    }
  | { readonly what: "kill"; readonly node: string }
  | { readonly what: "fault"; readonly text: string }
  | { readonly what: "healed" }
  | { readonly what: "wrong"; readonly invariant: Invariant; readonly text: string };

/** An entry with its moment. */
export type Logged = Entry & { readonly time: number };

/** Writes down all that happens in a world, in its order. The audit reads it. */
export class Oracle {
  readonly log: Logged[] = [];
  readonly #now: () => number;
  readonly #epochs = new Map<string, string>();
  #isBroken = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Something happened. */
  note(entry: Entry): void {
    this.#isBroken ||= entry.what === "wrong";
    this.log.push({ time: this.#now(), ...entry });
  }

  /** Whether something happened that no audit is needed for. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** The log as text. Epochs are random: they are named in the order in which they came up. */
  trace(): string[] {
    return this.log.map(
      (entry) => `${entry.time.toFixed(2).padStart(9)}  ${this.#describe(entry)}`,
    );
  }

  /** A position with the name of its epoch. */
  place(position: string | undefined): string {
    if (position === undefined) return "–";
    const dot = position.lastIndexOf(".");
    return this.#named(position.slice(0, dot)) + position.slice(dot);
  }

  #named(epoch: string): string {
    const known = this.#epochs.get(epoch) ?? `e${this.#epochs.size + 1}`;
    this.#epochs.set(epoch, known);
    return known;
  }

  #describe(entry: Logged): string {
    switch (entry.what) {
      case "send": {
        const { number, group, except } = entry.sent;
        return `${entry.node} sends #${number} to ${group}${except === undefined ? "" : `, not to ${except}`}`;
      }
      case "sent":
        return `#${entry.number} is sent, at ${this.place(entry.position)}`;
      case "unsent":
        return `#${entry.number} is not known to be sent: ${entry.why}`;
      case "append":
        return `#${entry.number} is ${this.place(`${entry.epoch}.${entry.offset}`)} of ${entry.group}`;
      case "open":
        return `${entry.client} opens ${entry.session} on ${entry.node}`;
      case "join":
        return `${entry.session} joins ${entry.group}, since ${this.place(entry.since)}`;
      case "joined": {
        const { position, recovered } = entry.joined;
        return `${entry.session} has joined ${entry.group} at ${this.place(position)}, recovered: ${recovered ?? "–"}`;
      }
      case "not joined":
        return `${entry.session} has not joined ${entry.group}: ${entry.why}`;
      case "leave":
        return `${entry.session} leaves ${entry.group}`;
      case "close":
        return `${entry.session} is closed`;
      case "deliver":
        return `${entry.session} gets #${entry.number} of ${entry.group}, ${this.place(entry.delivery.position)}`;
      case "refuse":
        return `${entry.session} has no room for ${this.place(entry.position)} of ${entry.group}`;
      case "resume":
        return `${entry.session} has room again`;
      case "gap": {
        const { group, lastSeen, top } = entry.gap;
        return `${entry.session} hears of a gap in ${group}, ${this.place(lastSeen)} to ${this.place(top)}`;
      }
      case "handle":
        return `${entry.client} has handled #${entry.number} of ${entry.group}`;
      case "kill":
        return `${entry.node} is killed`;
      case "fault":
        return `fault: ${entry.text}`;
      case "healed":
        return "the faults are over";
      case "wrong":
        return `${entry.invariant}: ${entry.text}`;
    }
  }
}
