import type { Clock } from "../../internal/clock.ts";
import { away } from "../away.ts";
import type { BrokerLink } from "./broker-link.ts";
import type { LetterOf, Process, QuestionKind, Questions as Kinds } from "./letters.ts";

/** What {@link Questions} need to know. */
export interface QuestionsOptions {
  readonly self: Process;
  readonly link: BrokerLink;
  readonly clock: Clock;
  /** How long all answers may take together, in milliseconds. */
  readonly timeout: number;
}

/** One process's answer. */
export interface Answer<K extends QuestionKind> {
  readonly process: Process;
  readonly answer: Kinds[K]["answer"];
}

/**
 * The questions of this process to others. Each has all its answers, or an error, in bounded time: a
 * process that is gone is left out, and one that stands still lets the question fail.
 */
export class Questions {
  readonly #options: QuestionsOptions;
  /** In the order in which they were asked, which is that of their deadlines. */
  readonly #pending = new Map<number, Pending>();
  #asked = 0;
  #cancelDeadline: (() => void) | undefined;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** How many wait for answers. */
  get size(): number {
    return this.#pending.size;
  }

  /** Asks these processes. Those that are not there any more are not among the answers. */
  ask<K extends QuestionKind>(
    processes: readonly Process[],
    question: K,
    about: Kinds[K]["ask"],
  ): Promise<Answer<K>[]> {
    const { self, link, clock, timeout } = this.#options;
    if (processes.length === 0) return this.#alone();
    return new Promise((resolve, reject) => {
      if (this.#pending.size >= mostPending) {
        throw away(`${question}: ${mostPending} questions wait for answers of other processes`);
      }
      this.#asked += 1;
      const request = this.#asked;
      this.#pending.set(request, {
        question,
        waiting: new Set(processes),
        answers: [],
        resolve: resolve as Pending["resolve"],
        reject,
        due: clock.now() + timeout,
      });
      this.#cancelDeadline ??= clock.after(timeout, () => this.#expire());
      for (const process of processes) {
        const letter = { kind: "ask", from: self, request, question, about } as const;
        const absent = (): void => this.#drop(request, process);
        link.tell(process, letter, absent).catch((error: Error) => this.#fail(request, error));
      }
    });
  }

  /** An answer came. */
  take({ from, request, answer }: LetterOf<"answer">): void {
    const pending = this.#pending.get(request);
    if (pending?.waiting.delete(from) !== true) return;
    if (fits[pending.question](answer)) {
      pending.answers.push({ process: from, answer } as Answer<QuestionKind>);
      this.#look(request, pending);
      return;
    }
    this.#options.link.ignore("malformed", "process");
    this.#fail(request, away(`${pending.question}: another process did not understand`));
  }

  /** A process is not there any more. What it was to do it may have done, and nobody knows. */
  left(process: Process): void {
    for (const [request, { question, waiting }] of [...this.#pending]) {
      if (question !== "keep") this.#drop(request, process);
      else if (waiting.has(process)) this.#fail(request, away("keep: the process is gone"));
    }
  }

  /** The layer was closed. */
  clear(): void {
    for (const request of [...this.#pending.keys()]) {
      this.#fail(request, away("the layer was closed"));
    }
  }

  /** Who cannot reach the engine cannot know that it is alone. */
  async #alone(): Promise<never[]> {
    const { self, link } = this.#options;
    await link.tell(self, { kind: "beat", from: self });
    return [];
  }

  #drop(request: number, process: Process): void {
    const pending = this.#pending.get(request);
    if (pending?.waiting.delete(process) === true) this.#look(request, pending);
  }

  #look(request: number, pending: Pending): void {
    if (pending.waiting.size > 0) return;
    this.#end(request);
    pending.resolve(pending.answers);
  }

  #fail(request: number, error: Error): void {
    const pending = this.#pending.get(request);
    this.#end(request);
    pending?.reject(error);
  }

  #end(request: number): void {
    this.#pending.delete(request);
    if (this.#pending.size > 0) return;
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
  }

  #expire(): void {
    this.#cancelDeadline = undefined;
    const { clock, timeout } = this.#options;
    const now = clock.now();
    const late: Pending[] = [];
    for (const [request, pending] of this.#pending) {
      if (pending.due > now) {
        this.#cancelDeadline = clock.after(pending.due - now, () => this.#expire());
        break;
      }
      this.#pending.delete(request);
      late.push(pending);
    }
    for (const { question, waiting, reject } of late) {
      reject(away(`${question}: ${waiting.size} processes did not answer within ${timeout} ms`));
    }
  }
}

interface Pending {
  readonly question: QuestionKind;
  readonly waiting: Set<Process>;
  readonly answers: Answer<QuestionKind>[];
  readonly resolve: (answers: Answer<QuestionKind>[]) => void;
  readonly reject: (error: Error) => void;
  readonly due: number;
}

/** How many questions may wait: each takes a few hundred bytes. */
const mostPending = 10_000;

/** What each question can be answered with. */
const fits: { readonly [K in QuestionKind]: (answer: unknown) => boolean } = {
  count: isCount,
  members: (answer) => isPageOf(answer, (item) => typeof item === "string"),
  isMember: (answer) => typeof answer === "boolean",
  presence: (answer) =>
    isPageOf(answer, (item) => {
      const { key, channels, infos } = (item ?? {}) as Record<string, unknown>;
      return typeof key === "string" && isCount(channels) && Array.isArray(infos);
    }),
  keys: (answer) =>
    isPageOf(
      answer,
      (item) => Array.isArray(item) && typeof item[0] === "string" && isCount(item[1]),
    ),
  name: (answer) => {
    const { readers, state } = (answer ?? {}) as Record<string, unknown>;
    return isCount(readers) && ["none", "asks", "waits"].includes(state as string);
  },
  keep: (answer) => answer === "kept" || answer === "full",
};

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPageOf(answer: unknown, fits: (item: unknown) => boolean): boolean {
  const { items, more } = (answer ?? {}) as Record<string, unknown>;
  return Array.isArray(items) && items.every(fits) && typeof more === "boolean";
}
