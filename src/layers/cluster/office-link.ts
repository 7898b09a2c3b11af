import { ChannelLayerError, type ErrorCode, UsageError } from "../../errors.ts";
import type { Clock } from "../../internal/clock.ts";
import { away } from "../away.ts";
import {
  type Hello,
  letterCost,
  type QuestionKind,
  type Questions,
  type ToOffice,
  type ToWorker,
} from "./letters.ts";
import { Line } from "./line.ts";
import type { Port } from "./port.ts";

/** What an {@link OfficeLink} needs to know. */
export interface OfficeLinkOptions {
  readonly clock: Clock;
  /** How long an answer may take, in milliseconds. */
  readonly timeout: number;
  /** How much may lie unread by the office, in bytes. */
  readonly backlog: number;
  /** All that the office has to know, from the beginning. */
  readonly hello: () => Hello;
  /** Takes what is no answer. */
  readonly take: (letter: ToWorker) => void;
  /** The office is there again, after it was away or did not answer: something may be missing. */
  readonly back: () => void;
  /** The office will not have this worker. */
  readonly refused: (error: UsageError) => void;
}

/**
 * The worker's side of its line to the office: asks, and has an answer or an error in bounded time.
 *
 * What is asked is done in that order. An error means that it may have been done, or not.
 */
export class OfficeLink {
  readonly #options: OfficeLinkOptions;
  #line: Line<ToOffice, ToWorker> | undefined;
  /** In the order in which they were asked, which is that of their deadlines. */
  readonly #requests = new Map<number, Request>();
  #asked = 0;
  #cancelDeadline: (() => void) | undefined;
  #cancelBeat: (() => void) | undefined;
  #wasAway = false;
  #refusal: UsageError | undefined;
  #isClosed = false;

  constructor(options: OfficeLinkOptions) {
    this.#options = options;
  }

  /** Says hello on a new line. The former one, if there is one, is given up. */
  connect(port: Port): void {
    if (this.#isClosed) return port.close();
    this.#line?.close();
    this.#fail("the line to the office was replaced");
    const line: Line<ToOffice, ToWorker> = new Line(port, this.#options.clock, {
      letter: (letter) => this.#take(letter),
      closed: () => {
        if (this.#line === line) this.#lose();
      },
    });
    this.#line = line;
    this.#hello();
  }

  /**
   * Asks the office. `use` gets the answer in the very turn in which it comes, before any letter
   * that comes after it; the promise is about what `use` returns.
   */
  ask<K extends QuestionKind, T = Questions[K]["answer"]>(
    kind: K,
    question: Questions[K]["ask"],
    size: number = 0,
    use?: (answer: Questions[K]["answer"]) => T | Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const line = this.#lineFor(kind, size);
      const { clock, timeout } = this.#options;
      this.#asked += 1;
      const request = this.#asked;
      const settle = (answer: unknown): void => {
        try {
          resolve(use === undefined ? (answer as T) : use(answer as Questions[K]["answer"]));
        } catch (error) {
          reject(error as Error);
        }
      };
      this.#requests.set(request, { kind, settle, fail: reject, due: clock.now() + timeout });
      line.post({ kind, request, ...question } as ToOffice, size + letterCost);
      this.#cancelDeadline ??= clock.after(timeout, () => this.#expire());
    });
  }

  /** Tells the office what need not succeed: resolves when it knows, or will never be asked. */
  async tell<K extends QuestionKind>(kind: K, question: Questions[K]["ask"]): Promise<void> {
    await this.ask(kind, question).catch(() => {});
  }

  /** Sends a letter that has no answer. */
  post(letter: ToOffice, size: number): void {
    this.#line?.post(letter, size + letterCost);
  }

  /** Says goodbye, and resolves when the office has heard it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    const said = this.tell("bye", {});
    this.#isClosed = true;
    await said;
    this.#line?.close();
    this.#line = undefined;
    this.#fail("the layer was closed");
    this.#cancelBeat?.();
  }

  #hello(): void {
    const hello = this.#options.hello();
    const members = hello.groups.reduce((sum, [, list]) => sum + list.length, 0);
    this.#line?.post(hello, letterCost * (1 + hello.groups.length) + 8 * members);
  }

  #take(letter: ToWorker): void {
    switch (letter.kind) {
      case "done":
        return this.#settle(letter.request)?.settle(letter.answer);
      case "failed": {
        const { request, code, message, temporary } = letter;
        const error = new ChannelLayerError(code as ErrorCode, message, { temporary });
        return this.#settle(request)?.fail(error);
      }
      case "welcome":
        if (letter.lease !== undefined) this.#beat(letter.lease / beatsPerLease);
        return this.#return();
      case "again":
        this.#fail("the office had given this process up");
        this.#wasAway = true;
        return this.#hello();
      case "refused":
        this.#refusal = new UsageError("ERR_INVALID_OPTION", letter.why);
        this.#fail(letter.why);
        return this.#options.refused(this.#refusal);
      default:
        this.#options.take(letter);
    }
  }

  /** The request is answered. Answers come in the order of requests; who waited too long is gone. */
  #settle(request: number): Request | undefined {
    const found = this.#requests.get(request);
    this.#requests.delete(request);
    if (this.#requests.size === 0) {
      this.#cancelDeadline?.();
      this.#cancelDeadline = undefined;
    }
    this.#return();
    return found;
  }

  #return(): void {
    if (!this.#wasAway) return;
    this.#wasAway = false;
    this.#options.back();
  }

  #beat(every: number): void {
    this.#cancelBeat?.();
    const ring = (): void => {
      this.#line?.beat();
      if (this.#line !== undefined) this.#beat(every);
    };
    this.#cancelBeat = this.#options.clock.after(every, ring, true);
  }

  #lineFor(kind: QuestionKind, size: number): Line<ToOffice, ToWorker> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const line = this.#line;
    if (line === undefined || this.#isClosed) throw away("the primary process is away");
    const { backlog } = this.#options;
    const isLong = line.waiting > 0 && line.waiting + size + letterCost > backlog;
    // Leaving makes things lighter, and nothing else makes up for it.
    if (isLong && kind !== "leave" && kind !== "shut") {
      throw away(`${line.waiting} bytes to the primary process lie unread, of ${backlog}`);
    }
    return line;
  }

  #expire(): void {
    this.#cancelDeadline = undefined;
    const { clock, timeout } = this.#options;
    const now = clock.now();
    const late: Request[] = [];
    for (const [request, waiting] of this.#requests) {
      if (waiting.due > now) {
        this.#cancelDeadline = clock.after(waiting.due - now, () => this.#expire());
        break;
      }
      this.#requests.delete(request);
      late.push(waiting);
    }
    if (late.length > 0) this.#wasAway = true;
    const why = `the primary process did not answer within ${timeout} ms; does it call openOffice?`;
    for (const { kind, fail } of late) fail(away(`${kind}: ${why}`));
  }

  #lose(): void {
    this.#line = undefined;
    this.#wasAway = true;
    this.#cancelBeat?.();
    this.#fail("the primary process is gone");
  }

  #fail(why: string): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    for (const { kind, fail } of requests) fail(this.#refusal ?? away(`${kind}: ${why}`));
  }
}

interface Request {
  readonly kind: QuestionKind;
  readonly settle: (answer: unknown) => void;
  readonly fail: (error: unknown) => void;
  readonly due: number;
}

/** How often a worker says that it is there, for each time that it may be silent. */
const beatsPerLease = 4;
