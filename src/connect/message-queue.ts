/** A message as it is received: text as a string, binary as bytes. */
export type Message = string | Uint8Array;

/** The one who fills a {@link MessageQueue}. */
export interface MessageSource {
  /** What waits has reached one of the limits: nothing more should come. */
  full(): void;
  /** There is room again. */
  room(): void;
}

/** What a {@link MessageQueue} may hold. */
export interface QueueLimits {
  readonly mailboxSize: number;
  readonly mailboxMessages: number;
}

/**
 * The messages that have come and that nobody has taken yet, and those who wait for one that has not
 * come. Each message goes to one taker, in order.
 */
export class MessageQueue {
  readonly #source: MessageSource;
  readonly #limits: QueueLimits;
  #messages: Message[] = [];
  /** Where the queue begins in the array: taking the first costs no shift. */
  #head = 0;
  /** Bytes that wait; text counts its characters. */
  #size = 0;
  #full = false;
  #ended = false;
  readonly #takers: ((result: IteratorResult<Message, undefined>) => void)[] = [];

  constructor(source: MessageSource, limits: QueueLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  /** Adds a message. A full queue takes it, too: it has said that it wants no more. */
  put(message: Message): void {
    const taker = this.#takers.shift();
    if (taker !== undefined) return taker({ done: false, value: message });
    this.#messages.push(message);
    this.#size += message.length;
    if (!this.#full && this.#fills(1)) {
      this.#full = true;
      this.#source.full();
    }
  }

  /** Nothing more will come. What waits can still be taken. */
  end(): void {
    this.#ended = true;
    for (const taker of this.#takers.splice(0)) taker({ done: true, value: undefined });
  }

  /** Takes the message that waits longest, or the next one to come; done when there will be none. */
  take(): Promise<IteratorResult<Message, undefined>> {
    const value = this.#shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  #shift(): Message | undefined {
    const messages = this.#messages;
    const head = this.#head;
    const message = messages[head];
    if (message === undefined) return undefined;
    this.#head = head + 1;
    this.#size -= message.length;
    if (this.#head === messages.length) {
      messages.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= messages.length) {
      messages.splice(0, this.#head);
      this.#head = 0;
    } else {
      // Let go of the message, however long the array stays.
      messages[head] = "";
    }
    // Half of it is room enough: a pause for each message would cost more than it saves.
    if (this.#full && !this.#fills(2)) {
      this.#full = false;
      this.#source.room();
    }
    return message;
  }

  /** Whether what waits takes up one part in `parts` of a limit. */
  #fills(parts: number): boolean {
    const { mailboxMessages, mailboxSize } = this.#limits;
    const count = this.#messages.length - this.#head;
    return count * parts >= mailboxMessages || this.#size * parts >= mailboxSize;
  }
}
