import type { Duplex } from "node:stream";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { FrameSize, Message, Rounds, Step } from "./case.ts";
import type { Deflater } from "./deflate.ts";
import { type Frame, mask, writeFrame, writeHead } from "./frame.ts";
import { Random } from "./payload.ts";

/** What a player tells while it plays. */
export interface Audience {
  /** A close frame of the tester's own is about to go out. */
  onClose(): void;
  /** The connection has outlived a marked pause. */
  onMark(mark: string): void;
  /** A message of some rounds is about to go out. Resolves when its echo is there. */
  onRound(opcode: number, payload: Buffer): Promise<void>;
  /** The last of the rounds is over. */
  onRounds(): void;
}

export interface PlayerOptions {
  /** How many milliseconds a second of silence has. */
  readonly second: number;
  /** How many octets the messages of some rounds have together, at most, but for a few of them. */
  readonly volume: number;
  /** Makes a masking key for each frame; a server has none. */
  readonly makeKey: (() => Buffer) | undefined;
}

/** How many messages of some rounds differ. After them, they come again. */
const different = 64;

/** How many there are, however long they are: enough to refer to those before. */
const fewest = 4;

/** Plays the tester's part of a case: makes octets of its steps and has TCP carry them as it says. */
export class Player {
  readonly #stream: Duplex;
  readonly #options: PlayerOptions;
  readonly #deflater: Deflater | undefined;
  readonly #random = new Random(1);
  /** Frames that go out together. */
  #waiting: Buffer[] = [];
  /** The frame that is sent in pieces: its key, and how many octets of its payload are out. */
  #open: { key: Buffer | undefined; sent: number } = { key: undefined, sent: 0 };

  constructor(stream: Duplex, options: PlayerOptions, deflater: Deflater | undefined) {
    this.#stream = stream;
    this.#options = options;
    this.#deflater = deflater;
  }

  /** Takes the steps one after another, until `signal` aborts. */
  async play(steps: readonly Step[], signal: AbortSignal, audience: Audience): Promise<void> {
    for (const step of steps) {
      if (signal.aborted) return;
      if (step.do === "pause") {
        await this.#flush();
        await silence(step.seconds * this.#options.second, signal);
        if (step.mark !== undefined && !signal.aborted) audience.onMark(step.mark);
      } else if (step.do === "rounds") {
        await this.#flush();
        await this.#playRounds(step.rounds, signal, audience);
      } else if (step.do === "frame" && step.write !== "coalesce") {
        await this.#flush();
        const octets = this.#encode(step);
        await this.#chop(octets, step.write === "flush" ? octets.length : step.write.chop);
      } else {
        if (step.do === "close") audience.onClose();
        this.#waiting.push(this.#encode(step));
      }
    }
    await this.#flush();
  }

  /** Sends one frame at once. */
  send(frame: Frame): Promise<void> {
    return this.#write(writeFrame(frame, this.#options.makeKey?.()));
  }

  #encode(step: Exclude<Step, { do: "pause" | "rounds" }>): Buffer {
    const key = this.#options.makeKey?.();
    switch (step.do) {
      case "frame":
        return writeFrame(step.frame, key);
      case "close":
        return writeFrame({ opcode: 8, fin: true, rsv: 0, payload: step.payload }, key);
      case "head":
        this.#open = { key, sent: 0 };
        return writeHead(step.frame, step.length, key);
      case "piece": {
        const { key, sent } = this.#open;
        this.#open.sent += step.payload.length;
        return key ? mask(step.payload, key, sent) : step.payload;
      }
      case "message":
        return this.#frames(step.message, this.#deflater?.deflate(step.message.payload));
    }
  }

  /** The frames of a message. The size of a frame is that of what it carries, compressed or not. */
  #frames({ opcode, payload, frameSize }: Message, deflated: Buffer | undefined): Buffer {
    let rest = deflated ?? payload;
    const frames: Buffer[] = [];
    for (let fin = false; !fin; ) {
      const size = frameSize === undefined ? rest.length : this.#size(frameSize);
      // A message that fills its frames ends with an empty one, unless it is but one frame.
      fin = rest.length < size || (rest.length === size && frames.length === 0);
      const first = frames.length === 0;
      const frame: Frame = {
        opcode: first ? opcode : 0,
        fin,
        rsv: first && deflated ? 4 : 0,
        payload: rest.subarray(0, size),
      };
      frames.push(writeFrame(frame, this.#options.makeKey?.()));
      rest = rest.subarray(size);
    }
    return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
  }

  #size(given: FrameSize): number {
    return typeof given === "number" ? given : 1 + this.#random.below(given.upTo);
  }

  async #playRounds(rounds: Rounds, signal: AbortSignal, audience: Audience): Promise<void> {
    const { opcode, length, frameSize } = rounds;
    const fitting = Math.floor(this.#options.volume / Math.max(length, 1));
    const count = Math.min(rounds.count, Math.max(fitting, fewest));
    // What follows on the last of them never refers to what it followed on at first: a sender may
    // always begin anew, so that each of them need be compressed only once.
    const messages: { payload: Buffer; deflated: Buffer | undefined }[] = [];
    for (let i = 0; i < count && !signal.aborted; i++) {
      if (i < different) {
        const payload = rounds.payload(i);
        messages.push({ payload, deflated: this.#deflater?.deflate(payload) });
      }
      const { payload, deflated } = messages[i % different] as (typeof messages)[number];
      const echo = audience.onRound(opcode, payload);
      await this.#write(
        this.#frames({ opcode, payload, ...(frameSize && { frameSize }) }, deflated),
      );
      await echo;
    }
    if (!signal.aborted) audience.onRounds();
  }

  async #flush(): Promise<void> {
    const octets = Buffer.concat(this.#waiting.splice(0));
    if (octets.length > 0) await this.#write(octets);
  }

  /** The loop turns after each write, so that a peer in this very process reads each one alone. */
  async #chop(octets: Buffer, size: number): Promise<void> {
    for (let start = 0; start < octets.length; start += size) {
      await this.#write(octets.subarray(start, start + size));
      await turns(2);
    }
  }

  async #write(octets: Buffer): Promise<void> {
    if (!this.#stream.writable) return;
    await new Promise<void>((resolve) => this.#stream.write(octets, () => resolve()));
  }
}

/** Waits until the time is over or nobody listens. */
async function silence(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
  await turns(8);
}

/**
 * Lets the event loop turn some times. A busy one runs its timers before it reads what came in time;
 * this way, the peer is heard first.
 */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await nextTurn();
}
