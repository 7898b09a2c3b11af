import type { Clock } from "../../internal/clock.ts";
import type { Port } from "./port.ts";

/** Who reads what comes on a {@link Line}. */
export interface LineReader<In> {
  /** Takes one letter. Must not throw. */
  letter(letter: In): void;
  /** Something came, if only the news that something was read. */
  heard?(): void;
  /** The line is dead. */
  closed(): void;
}

/** What a {@link Port} carries for a line. */
interface Batch {
  /** Counts the batches that have letters, from 1; 0 for one without. */
  readonly number: number;
  /** The last batch that was read by whoever sends this. */
  readonly read: number;
  readonly letters: readonly unknown[];
}

/**
 * A port, with post in bundles and receipts: the letters of one turn of the event loop are one
 * message, and the other end says what it has read, so it is known how much lies unread.
 */
export class Line<Out, In> {
  readonly #port: Port;
  readonly #clock: Pick<Clock, "endOfTurn">;
  readonly #reader: LineReader<In>;
  #letters: Out[] = [];
  /** What the letters of this turn count for. */
  #size = 0;
  #sent = 0;
  #received = 0;
  /** The sizes of the batches that were sent and not read, oldest first. */
  readonly #unread: number[] = [];
  #unreadSize = 0;
  #isScheduled = false;
  #isClosed = false;

  constructor(port: Port, clock: Pick<Clock, "endOfTurn">, reader: LineReader<In>) {
    this.#port = port;
    this.#clock = clock;
    this.#reader = reader;
    port.listen({
      receive: (message) => this.#receive(message as Batch),
      closed: () => this.#end(),
    });
  }

  /** What was posted and not read by the other end, in bytes as {@link post} was told. */
  get waiting(): number {
    return this.#unreadSize + this.#size;
  }

  /** Sends a letter when this turn of the event loop is over, after those that were posted before. */
  post(letter: Out, size: number): void {
    if (this.#isClosed) return;
    this.#letters.push(letter);
    this.#size += size;
    this.#schedule();
  }

  /** Lets the other end hear from here, also if there is nothing to say. */
  beat(): void {
    this.#schedule();
  }

  /** Hangs up, once what was posted is on its way. The reader hears nothing more. */
  close(): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    this.#port.close();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#clock.endOfTurn(() => this.#flush());
  }

  #flush(): void {
    if (!this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = false;
    const letters = this.#letters;
    if (letters.length > 0) {
      this.#letters = [];
      this.#sent += 1;
      this.#unread.push(this.#size);
      this.#unreadSize += this.#size;
      this.#size = 0;
    }
    const number = letters.length > 0 ? this.#sent : 0;
    const batch: Batch = { number, read: this.#received, letters };
    this.#port.send(batch);
  }

  #receive({ number, read, letters }: Batch): void {
    if (this.#isClosed) return;
    const first = this.#sent - this.#unread.length + 1;
    for (const size of this.#unread.splice(0, read - first + 1)) this.#unreadSize -= size;
    if (number > 0) {
      // A port that loses or repeats is none: whoever is at its ends starts anew.
      if (number !== this.#received + 1) return this.#break();
      this.#received = number;
      this.#schedule();
      for (const letter of letters) {
        if (this.#isClosed) return;
        this.#reader.letter(letter as In);
      }
    }
    this.#reader.heard?.();
  }

  #break(): void {
    this.#port.close();
    this.#end();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reader.closed();
  }
}
