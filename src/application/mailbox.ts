import type { ConnectionLimits } from "../internal/limits.ts";
import type { SharedBytes } from "../internal/shared-bytes.ts";
import type { SlowPolicy } from "../internal/send-options.ts";
import type { Delivery, LayerMessage } from "../layers/channel-layer.ts";
import { Continuation, plainPromise, type Waiter } from "./continuation.ts";
import { Letter } from "./letter.ts";
import { LetterQueue, type LetterQueueReader } from "./letter-queue.ts";

/** The one who reads the letters. */
export interface MailboxReader extends LetterQueueReader {
  /** What happens to a layer message that meets a full mailbox. */
  readonly slow: SlowPolicy;
  /** Handles one letter. An error, thrown or as a rejection, goes to `failed`. */
  handle(letter: Letter, value: unknown, delivery: Delivery | undefined): void | Promise<unknown>;
  /** A handler failed. */
  failed(error: unknown, letter: Letter): void;
  /** All letters are handled, after a promise was awaited. */
  idle(): void;
  /** A layer message was dropped; with the policy `close` the connection is to be closed. */
  overflow(policy: SlowPolicy): void;
}

/** The time that all connections may take of one turn of the event loop. */
export interface Pace {
  /** Whether none is left, asked once for each letter. */
  readonly spentMidway: boolean;
  /** Has somebody go on in a later turn. */
  wait(member: { readOn(): void }): void;
}

/**
 * One handler's letters, handled one at a time and in order.
 *
 * It costs nothing while the handler is idle: a letter is a plain call. Only a handler that returned
 * a promise makes letters queue, and when that has settled they are handled one after the other.
 */
export class Mailbox implements Waiter {
  readonly #reader: MailboxReader;
  readonly #limits: Required<ConnectionLimits>;
  /** The memory for the peers' messages of all mailboxes. */
  readonly #space: SharedBytes | undefined;
  readonly #pace: Pace | undefined;
  /** Closed at first: what comes before `open` waits for it. */
  #busy = true;
  #closed = false;
  /** Made when a letter has to wait for the first time: most handlers never fall behind. */
  #queue: LetterQueue | undefined;
  #current: Letter | undefined;

  constructor(
    reader: MailboxReader,
    limits: Required<ConnectionLimits>,
    space?: SharedBytes,
    pace?: Pace,
  ) {
    this.#reader = reader;
    this.#limits = limits;
    this.#space = space;
    this.#pace = pace;
  }

  /** Whether a letter is being handled, or none is handled yet. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Whether a message of the peer is being handled: what is sent now answers it. */
  get answering(): boolean {
    return this.#current !== undefined && this.#current < Letter.event;
  }

  /** Handles `open`, then what has come before. */
  open(): void {
    this.#run(Letter.open, undefined, undefined);
  }

  /** Handles a letter now, or after those before it. */
  deliver(letter: Letter, value: unknown, delivery: Delivery | undefined): void {
    if (this.#closed) return;
    if (this.#busy) this.#enqueue(letter, value, delivery);
    else this.#run(letter, value, delivery);
  }

  /** Takes a layer message as {@link deliver} does; false if it would have to wait in a full mailbox. */
  offer(message: LayerMessage, delivery: Delivery): boolean {
    if (this.#busy && !this.#closed && this.#queue?.holdsAllEvents === true) {
      this.#queue.refuse();
      return false;
    }
    this.deliver(Letter.event, message, delivery);
    return true;
  }

  /** The last letter: behind the peer's messages, in place of all layer messages. */
  disconnect(): void {
    if (this.#closed) return;
    this.#queue?.dropEvents();
    this.deliver(Letter.disconnect, undefined, undefined);
    this.#closed = true;
  }

  /** Forgets what waits, and takes no more. */
  close(): void {
    this.#closed = true;
    this.clear();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#queue?.clear();
  }

  #run(letter: Letter, value: unknown, delivery: Delivery | undefined): void {
    this.#busy = true;
    let pending = this.#handle(letter, value, delivery);
    while (pending === undefined) {
      if (!this.#waits()) {
        this.#busy = false;
        return;
      }
      pending = this.#handleNext();
    }
    Continuation.after(pending, this);
  }

  /** @internal What was awaited is done: goes on with what has come meanwhile. */
  fulfilled(): void {
    let pending: Promise<unknown> | undefined;
    do {
      if (!this.#waits()) {
        this.#busy = false;
        this.#current = undefined;
        this.#reader.idle();
        return;
      }
      if (this.#pace?.spentMidway === true) {
        // Promises alone never leave a turn: a full mailbox would take it all.
        this.#current = undefined;
        pending = nextTurn(this.#pace);
      } else {
        pending = this.#handleNext();
      }
    } while (pending === undefined);
    Continuation.after(pending, this);
  }

  /** @internal */
  rejected(reason: unknown): void {
    this.#reader.failed(reason, this.#current!);
    this.fulfilled();
  }

  /** Whether a letter waits. */
  #waits(): boolean {
    return this.#queue !== undefined && !this.#queue.isEmpty;
  }

  /** Calls the handler; a promise if it has more to do. */
  #handle(
    letter: Letter,
    value: unknown,
    delivery: Delivery | undefined,
  ): Promise<unknown> | undefined {
    this.#current = letter;
    try {
      const result = this.#reader.handle(letter, value, delivery);
      if (isPromise(result)) return plainPromise(result);
    } catch (error) {
      this.#reader.failed(error, letter);
    }
    this.#current = undefined;
    return undefined;
  }

  #handleNext(): Promise<unknown> | undefined {
    const queue = this.#queue!;
    const { letter, value, delivery } = queue;
    queue.shift();
    return this.#handle(letter, value, delivery);
  }

  #enqueue(letter: Letter, value: unknown, delivery: Delivery | undefined): void {
    this.#queue ??= new LetterQueue(this.#reader, this.#limits, this.#space);
    if (letter === Letter.event && this.#queue.holdsAllEvents) {
      if (!this.#makeRoom(this.#queue, value as LayerMessage, delivery)) return;
    }
    this.#queue.put(letter, value, delivery);
  }

  /** A layer message meets a full queue: whether it may come in, after the policy was followed. */
  #makeRoom(queue: LetterQueue, { type }: LayerMessage, delivery: Delivery | undefined): boolean {
    const policy = this.#reader.slow;
    this.#reader.overflow(policy);
    if (policy === "close" || policy === "drop-newest") return false;
    // With `latest`, what says the same of the same group is the message to replace.
    return (policy === "latest" && queue.dropSame(type, delivery?.group)) || queue.dropOldest();
  }
}

function nextTurn(pace: Pace): Promise<void> {
  return new Promise((resolve) => pace.wait({ readOn: resolve }));
}

/** Whether a handler is not done: it gave back a promise, of whatever make. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
