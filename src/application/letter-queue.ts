import type { ConnectionLimits } from "../internal/limits.ts";
import type { SharedBytes } from "../internal/shared-bytes.ts";
import type { Delivery, LayerMessage } from "../layers/channel-layer.ts";
import { Letter } from "./letter.ts";

/** The one who hears how full a {@link LetterQueue} is. */
export interface LetterQueueReader {
  /** Letters from the peer fill the queue; there is room again. */
  full(): void;
  room(): void;
  /** A layer message was refused, and half of the room for them is free again. */
  vacant(): void;
}

/** A letter takes three places: its kind, its value, its delivery. */
const places = 3;

/** What a letter takes besides its message, about, in bytes. */
const envelope = 64;

/** How many letters may be taken before their places are used again. */
const longestTail = 256;

/**
 * The letters that wait for one handler, in order, and how much of its room they take up. The peer's
 * messages and the layer's are counted apart; a full queue takes letters, too: who puts them in decides.
 */
export class LetterQueue {
  readonly #reader: LetterQueueReader;
  readonly #limits: Required<ConnectionLimits>;
  readonly #space: SharedBytes | undefined;
  #letters: unknown[] = [];
  /** Where the queue begins in the array: taking the first costs no shift. */
  #head = 0;
  /** The peer's messages, and their bytes; text counts its characters. */
  #messages = 0;
  #bytes = 0;
  /** The layer's messages. */
  #events = 0;
  #full = false;
  /** Whether a layer message was refused, and its layer waits to be told of room. */
  #refused = false;

  /** `space` is the memory for the peers' messages in all queues. */
  constructor(
    reader: LetterQueueReader,
    limits: Required<ConnectionLimits>,
    space: SharedBytes | undefined,
  ) {
    this.#reader = reader;
    this.#limits = limits;
    this.#space = space;
  }

  /** Whether no letter waits. */
  get isEmpty(): boolean {
    return this.#head === this.#letters.length;
  }

  /** Whether as many layer messages wait as may. */
  get holdsAllEvents(): boolean {
    return this.#events >= this.#limits.mailboxMessages;
  }

  /** The letter that waits longest: its kind, its value, its delivery. */
  get letter(): Letter {
    return this.#letters[this.#head] as Letter;
  }
  get value(): unknown {
    return this.#letters[this.#head + 1];
  }
  get delivery(): Delivery | undefined {
    return this.#letters[this.#head + 2] as Delivery | undefined;
  }

  /** Adds a letter behind all others. */
  put(letter: Letter, value: unknown, delivery: Delivery | undefined): void {
    this.#letters.push(letter, value, delivery);
    this.#count(letter, value, 1);
    if (!this.#full && this.#fills(2)) {
      this.#full = true;
      this.#reader.full();
    }
  }

  /** Removes the letter that waits longest. */
  shift(): void {
    const letters = this.#letters;
    const head = this.#head;
    const letter = letters[head] as Letter;
    const value = letters[head + 1];
    this.#head = head + places;
    if (this.#head === letters.length) {
      letters.length = 0;
      this.#head = 0;
    } else if (this.#head >= longestTail * places && this.#head * 2 >= letters.length) {
      // A handler that is always behind would keep a place for every letter that ever came.
      letters.splice(0, this.#head);
      this.#head = 0;
    } else {
      letters[head + 1] = undefined;
      letters[head + 2] = undefined;
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
  }

  /** A layer message was not put in: the reader hears of it when half of the room for them is free. */
  refuse(): void {
    this.#refused = true;
  }

  /** Drops the layer message that waits longest; false if there is none. */
  dropOldest(): boolean {
    return this.#drop(() => true);
  }

  /** Drops the one that waits longest of a type and a group; false if there is none. */
  dropSame(type: string, group: string | undefined): boolean {
    return this.#drop((message, delivery) => message.type === type && delivery.group === group);
  }

  /** Drops all that does not come from the peer. */
  dropEvents(): void {
    const letters = this.#letters;
    const kept: unknown[] = [];
    for (let place = this.#head; place < letters.length; place += places) {
      const letter = letters[place] as Letter;
      if (letter < Letter.event) kept.push(letter, letters[place + 1], undefined);
    }
    this.#letters = kept;
    this.#head = 0;
    this.#events = 0;
  }

  /** Drops everything. */
  clear(): void {
    this.#letters.length = 0;
    this.#head = 0;
    this.#space?.release(this.#bytes + this.#messages * envelope);
    this.#messages = 0;
    this.#bytes = 0;
    this.#events = 0;
  }

  #drop(fits: (message: LayerMessage, delivery: Delivery) => boolean): boolean {
    const letters = this.#letters;
    for (let place = this.#head; place < letters.length; place += places) {
      if (letters[place] !== Letter.event) continue;
      if (!fits(letters[place + 1] as LayerMessage, letters[place + 2] as Delivery)) continue;
      letters.splice(place, places);
      this.#events--;
      return true;
    }
    return false;
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
   * Whether the peer's messages take up one part in `parts` of the room. They get half of it and no
   * more: each may cause a layer message, to this very queue, that then has to find room.
   */
  #fills(parts: number): boolean {
    if (this.#messages === 0) return false;
    const { mailboxMessages, mailboxSize } = this.#limits;
    const room = Math.min(mailboxSize, this.#space?.free ?? mailboxSize);
    return this.#messages * parts >= mailboxMessages || this.#bytes * parts >= room * 2;
  }
}
