import type { Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Step } from "./case.ts";
import { type Frame, mask, writeFrame, writeHead } from "./frame.ts";

/** What a player tells while it plays. */
export interface Audience {
  /** A close frame of the tester's own is about to go out. */
  onClose(): void;
  /** The connection has outlived a marked pause. */
  onMark(mark: string): void;
}

/** Plays the tester's part of a case: makes octets of its steps and has TCP carry them as it says. */
export class Player {
  readonly #socket: Socket;
  readonly #makeKey: (() => Buffer) | undefined;
  /** Frames that go out together. */
  #waiting: Buffer[] = [];
  /** The frame that is sent in pieces: its key, and how many octets of its payload are out. */
  #open: { key: Buffer | undefined; sent: number } = { key: undefined, sent: 0 };

  /** @param makeKey makes a masking key for each frame; a server has none */
  constructor(socket: Socket, makeKey: (() => Buffer) | undefined) {
    this.#socket = socket;
    this.#makeKey = makeKey;
  }

  /**
   * Takes the steps one after another, until `signal` aborts.
   *
   * @param second how many milliseconds a second of silence has
   */
  async play(
    steps: readonly Step[],
    second: number,
    signal: AbortSignal,
    audience: Audience,
  ): Promise<void> {
    for (const step of steps) {
      if (signal.aborted) return;
      if (step.do === "pause") {
        await this.#flush();
        await silence(step.seconds * second, signal);
        if (step.mark !== undefined && !signal.aborted) audience.onMark(step.mark);
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
    return this.#write(writeFrame(frame, this.#makeKey?.()));
  }

  #encode(step: Exclude<Step, { do: "pause" }>): Buffer {
    switch (step.do) {
      case "frame":
        return writeFrame(step.frame, this.#makeKey?.());
      case "close":
        return writeFrame(
          { opcode: 8, fin: true, rsv: 0, payload: step.payload },
          this.#makeKey?.(),
        );
      case "head":
        this.#open = { key: this.#makeKey?.(), sent: 0 };
        return writeHead(step.frame, step.length, this.#open.key);
      case "piece": {
        const { key, sent } = this.#open;
        this.#open.sent += step.payload.length;
        return key ? mask(step.payload, key, sent) : step.payload;
      }
    }
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
    if (!this.#socket.writable) return;
    await new Promise<void>((resolve) => this.#socket.write(octets, () => resolve()));
  }
}

/** Waits until the time is over or nobody listens. */
async function silence(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
  // A busy loop runs its timers before it reads what came in time: the peer is heard first.
  await turns(8);
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await nextTurn();
}
