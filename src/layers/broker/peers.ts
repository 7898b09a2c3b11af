import type { Clock } from "../../internal/clock.ts";
import type { Broker } from "./broker.ts";
import type { BrokerLink } from "./broker-link.ts";
import { Census } from "./census.ts";
import { publish } from "./diagnostics.ts";
import type { Entry, Letter, LetterOf, Process } from "./letters.ts";
import { Mirrors } from "./mirrors.ts";
import { Parts } from "./parts.ts";
import { Questions } from "./questions.ts";
import { jittered } from "./rounds.ts";

/** What {@link Peers} need to know. */
export interface PeersOptions {
  readonly self: Process;
  readonly broker: Broker;
  readonly link: BrokerLink;
  readonly clock: Clock;
  readonly lease: number;
  readonly timeout: number;
  /** How often it is looked whether something of theirs was missed, in milliseconds. */
  readonly checkInterval: number;
  /** All that this process has of a topic that others mirror. */
  readonly list: (topic: string) => Iterable<Entry>;
  /** Another process asks. */
  readonly answer: (letter: LetterOf<"ask">) => void;
  /** Something came for a channel here. */
  readonly direct: (letter: LetterOf<"direct">) => void;
  /** It is looked now. */
  readonly checked: () => void;
}

/** The other processes: which there are, what they are asked, and what is known of what they have. */
export class Peers {
  readonly census: Census;
  readonly questions: Questions;
  readonly mirrors: Mirrors;
  readonly parts: Parts;
  readonly #options: PeersOptions;
  #checks = 0;
  #cancelCheck: (() => void) | undefined;

  constructor(options: PeersOptions) {
    this.#options = options;
    const { self, broker, link, clock, lease, timeout, list } = options;
    const observer = {
      came: (process: Process) => this.mirrors.came(process),
      returned: (process: Process) => this.mirrors.returned(process),
      left: (process: Process) => this.#left(process),
    };
    this.census = new Census({ self, broker, link, clock, lease, timeout, observer });
    this.questions = new Questions({ self, link, clock, timeout });
    this.parts = new Parts({ self, link, clock, list });
    this.mirrors = new Mirrors({ self, link, clock, timeout, others: () => this.census.others });
  }

  /** Begins to know them. */
  open(): void {
    this.census.open();
    this.#scheduleCheck();
  }

  /** A letter came. */
  take(letter: Letter): void {
    const { census } = this;
    if (letter.kind === "direct") return this.#options.direct(letter);
    if (letter.kind === "bye") return census.forget(letter.from);
    // Whoever is not known yet is known from now on.
    if (letter.kind !== "here" && letter.kind !== "hello") census.heard(letter.from);
    switch (letter.kind) {
      case "hello":
        return census.hello(letter);
      case "here":
        return census.here(letter);
      case "knock":
      case "beat":
        // That it was heard is all that they are for.
        return;
      case "ask":
        return this.#options.answer(letter);
      case "answer":
        return this.questions.take(letter);
      case "follow":
        return this.parts.follow(letter);
      case "unfollow":
        return this.parts.unfollow(letter);
      case "part":
        return this.mirrors.take(letter);
    }
  }

  /** The engine knows that a process is not there. */
  gone(process: Process): void {
    if (!this.census.has(process)) return;
    publish("sluice:broker.expire", { reason: "gone" });
    this.census.forget(process);
  }

  /** Something that they said may be missing. */
  missed(): void {
    this.census.renew();
    this.mirrors.check();
  }

  /** Says goodbye; resolves when the engine knows, or is away. */
  async close(): Promise<void> {
    this.#cancelCheck?.();
    this.mirrors.clear();
    this.parts.clear();
    this.questions.clear();
    await this.census.close();
  }

  /** What they told may have been lost in silence. */
  #scheduleCheck(): void {
    const { clock, checkInterval, checked } = this.#options;
    this.#checks += 1;
    const ring = (): void => {
      this.#scheduleCheck();
      this.mirrors.check();
      checked();
    };
    this.#cancelCheck = clock.after(jittered(checkInterval, this.#checks), ring, true);
  }

  #left(process: Process): void {
    this.mirrors.left(process);
    this.parts.left(process);
    this.questions.left(process);
  }
}
