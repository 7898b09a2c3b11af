import type { ConnectionLimits } from "../internal/limits.ts";
import type { SharedBytes } from "../internal/shared-bytes.ts";
import type { SlowPolicy } from "../internal/send-options.ts";
import type { Delivery, LayerMessage } from "../layers/channel-layer.ts";

/** What a letter in a {@link Mailbox} is. */
export const Letter = { open: 0, text: 1, bytes: 2, event: 3, gap: 4, disconnect: 5 } as const;

/** One of the kinds of letters. */
export type Letter = (typeof Letter)[keyof typeof Letter];

/** The one who reads the letters. */
export interface MailboxReader {
  /** What happens to a layer message that meets a full mailbox. */
  readonly slow: SlowPolicy;
  /** Handles one letter. An error, thrown or as a rejection, goes to `failed`. */
  handle(letter: Letter, value: unknown, delivery: Delivery | undefined): void | Promise<unknown>;
  /** A handler failed. */
  failed(error: unknown, letter: Letter): void;
  /** All letters are handled, after a promise was awaited. */
  idle(): void;
  /** Letters from the peer fill the mailbox; there is room again. */
  full(): void;
  room(): void;
  /** A layer message was refused, and half of the room for them is free again. */
  vacant(): void;
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

/** A letter takes three places in the queue: its kind, its value, its delivery. */
const places = 3;

/** What a letter takes besides its message, about, in bytes. */
const envelope = 64;

/** The queue of a mailbox in which nothing ever waited; most stay so. */
const empty = Object.freeze([]) as unknown as unknown[];

/** How many letters may be handled before their places in the queue are used again. */
const longestTail = 256;

/**
 * One handler's letters, handled one at a time and in order.
 *
 * It costs nothing while the handler is idle: a letter is a plain call. Only a handler that returned
 * a promise makes letters queue, and one asynchronous loop then handles the whole burst.
 */
export class Mailbox {
  readonly #reader: MailboxReader;
  readonly #limits: Required<ConnectionLimits>;
  /** The memory for the peers' messages of all mailboxes. */
  readonly #space: SharedBytes | undefined;
  readonly #pace: Pace | undefined;
  /** Closed at first: what comes before `open` waits for it. */
  #busy = true;
  #closed = false;
  #queue: unknown[] = empty;
  #head = 0;
  /** The peer's messages in the queue, and their bytes; text counts its characters. */
  #messages = 0;
  #bytes = 0;
  /** The layer's messages in the queue. */
  #events = 0;
  #full = false;
  /** Whether a layer message was refused, and its layer waits to be told of room. */
  #refused = false;
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
    if (this.#busy && this.#events >= this.#limits.mailboxMessages && !this.#closed) {
      this.#refused = true;
      return false;
    }
    this.deliver(Letter.event, message, delivery);
    return true;
  }

  /** The last letter: behind the peer's messages, in place of all layer messages. */
  disconnect(): void {
    if (this.#closed) return;
    this.#removeEvents();
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
    this.#queue = empty;
    this.#head = 0;
    this.#space?.release(this.#bytes + this.#messages * envelope);
    this.#messages = 0;
    this.#bytes = 0;
    this.#events = 0;
  }

  #run(letter: Letter, value: unknown, delivery: Delivery | undefined): void {
    this.#busy = true;
    let pending = this.#handle(letter, value, delivery);
    while (pending === undefined) {
      if (this.#head === this.#queue.length) {
        this.#busy = false;
        return;
      }
      pending = this.#handleNext();
    }
    void this.#continue(pending);
  }

  async #continue(first: Promise<unknown>): Promise<void> {
    let pending: Promise<unknown> | undefined = first;
    for (;;) {
      const letter = this.#current!;
      try {
        await pending;
      } catch (error) {
        this.#reader.failed(error, letter);
      }
      do {
        if (this.#head === this.#queue.length) {
          this.#busy = false;
          this.#current = undefined;
          this.#reader.idle();
          return;
        }
        if (this.#pace?.spentMidway === true) {
          // Promises alone never leave a turn: a full mailbox would take it all.
          this.#current = undefined;
          await nextTurn(this.#pace);
          pending = undefined;
          continue;
        }
        pending = this.#handleNext();
      } while (pending === undefined);
    }
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
      if (isPromise(result)) return result;
    } catch (error) {
      this.#reader.failed(error, letter);
    }
    this.#current = undefined;
    return undefined;
  }

  #handleNext(): Promise<unknown> | undefined {
    const queue = this.#queue;
    const head = this.#head;
    const letter = queue[head] as Letter;
    const value = queue[head + 1];
    const delivery = queue[head + 2] as Delivery | undefined;
    this.#head = head + places;
    if (this.#head === queue.length) {
      queue.length = 0;
      this.#head = 0;
    } else if (this.#head >= longestTail * places && this.#head * 2 >= queue.length) {
      // A handler that is always behind would keep a place for every letter that ever came.
      queue.splice(0, this.#head);
      this.#head = 0;
    } else {
      queue[head + 1] = undefined;
      queue[head + 2] = undefined;
    }
    this.#count(letter, value, -1);
    if (this.#full && !this.#fills(4)) {
      this.#full = false;
      this.#reader.room();
    }
    if (this.#refused && this.#events * 2 <= this.#limits.mailboxMessages) {
      this.#refused = false;
      this.#reader.vacant();
    }
    return this.#handle(letter, value, delivery);
  }

  #enqueue(letter: Letter, value: unknown, delivery: Delivery | undefined): void {
    const { mailboxMessages } = this.#limits;
    if (letter === Letter.event && this.#events >= mailboxMessages) {
      if (!this.#makeRoom(value as LayerMessage, delivery)) return;
    }
    if (this.#queue === empty) this.#queue = [];
    this.#queue.push(letter, value, delivery);
    this.#count(letter, value, 1);
    if (!this.#full && this.#fills(2)) {
      this.#full = true;
      this.#reader.full();
    }
  }

  #count(letter: Letter, value: unknown, sign: 1 | -1): void {
    if (letter === Letter.event) {
      this.#events += sign;
    } else if (letter === Letter.text || letter === Letter.bytes) {
      const { length } = value as string | Uint8Array;
      this.#messages += sign;
      this.#bytes += sign * length;
      this.#space?.hold(sign * (length + envelope));
    }
  }

  /**
   * Whether the peer's messages take up one part in `parts` of the mailbox. They get half of it and
   * no more: each may cause a layer message, to this very mailbox, that then has to find room.
   */
  #fills(parts: number): boolean {
    if (this.#messages === 0) return false;
    const { mailboxMessages, mailboxSize } = this.#limits;
    const room = Math.min(mailboxSize, this.#space?.free ?? mailboxSize);
    return this.#messages * parts >= mailboxMessages || this.#bytes * parts >= room * 2;
  }

  /** A layer message meets a full mailbox: whether it may come in, after the policy was followed. */
  #makeRoom({ type }: LayerMessage, delivery: Delivery | undefined): boolean {
    const policy = this.#reader.slow;
    this.#reader.overflow(policy);
    if (policy === "close" || policy === "drop-newest") return false;
    const same = (place: number) =>
      (this.#queue[place + 1] as LayerMessage).type === type &&
      (this.#queue[place + 2] as Delivery).group === delivery?.group;
    // With `latest`, what says the same of the same group is the message to replace.
    const replaced = (policy === "latest" ? this.#find(same) : undefined) ?? this.#find(() => true);
    if (replaced === undefined) return false;
    this.#queue.splice(replaced, places);
    this.#events--;
    return true;
  }

  #find(fits: (place: number) => boolean): number | undefined {
    for (let place = this.#head; place < this.#queue.length; place += places) {
      if (this.#queue[place] === Letter.event && fits(place)) return place;
    }
    return undefined;
  }

  #removeEvents(): void {
    if (this.#head === this.#queue.length) return;
    const kept: unknown[] = [];
    for (let place = this.#head; place < this.#queue.length; place += places) {
      const letter = this.#queue[place] as Letter;
      if (letter < Letter.event) kept.push(letter, this.#queue[place + 1], undefined);
    }
    this.#queue = kept;
    this.#head = 0;
    this.#events = 0;
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
