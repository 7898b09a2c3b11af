import { systemClock } from "../internal/clock.ts";
import type { Closed } from "./communicator.ts";
import { Inbox, TestError } from "./inbox.ts";

/** How the application of a stream refused the connection. */
export interface Refused {
  readonly status: number;
  readonly body?: string;
}

/** What a stream is part of. */
interface Carrier {
  send(frame: object): void;
  lastError(): unknown;
}

/**
 * One stream of a connection, from the client's side:
 *
 * ```ts
 * const client = communicator(streams({ chat: Chat, prices: Prices }));
 * await client.connect();
 * const chat = client.stream("chat");
 * chat.send({ text: "hello" });
 * expect(await chat.receive()).toEqual({ text: "hello" });
 * ```
 */
export class StreamCommunicator {
  readonly #name: string;
  readonly #carrier: Carrier;
  readonly #payloads = new Inbox<unknown>("payload");
  readonly #closings = new Inbox<Closed>("end of the stream");
  readonly #refusals = new Inbox<Refused>("refusal of the stream");

  /** @internal Use `Communicator.stream`. */
  constructor(name: string, carrier: Carrier) {
    this.#name = name;
    this.#carrier = carrier;
  }

  /** Sends a payload. */
  send(payload: unknown): void {
    this.#carrier.send({ stream: this.#name, payload });
  }

  /** Ends the stream, as the client. */
  close(code = 1000, reason = ""): void {
    this.#carrier.send({ stream: this.#name, closed: { code, reason } });
  }

  /**
   * The next payload. After the stream's end it is `ERR_TEST_CLOSED`, whose cause is the application's
   * own error if that was why, and after `timeout` milliseconds `ERR_TEST_TIMEOUT`.
   */
  receive(timeout = 1000): Promise<unknown> {
    return this.#payloads.take(timeout);
  }

  /** Whether nothing comes within `duration` milliseconds. Nothing is taken. */
  async receiveNothing(duration = 20): Promise<boolean> {
    await new Promise<void>((resolve) => systemClock.after(duration, resolve));
    return this.#payloads.size === 0;
  }

  /** Resolves when the application has ended the stream. */
  closed(timeout = 1000): Promise<Closed> {
    return this.#closings.take(timeout);
  }

  /** Resolves when the application has refused the stream. */
  refused(timeout = 1000): Promise<Refused> {
    return this.#refusals.take(timeout);
  }

  /** @internal Takes a message, if it is a frame of this stream. */
  takes(message: string | Uint8Array): boolean {
    const frame = typeof message === "string" ? frameOf(message) : undefined;
    if (frame?.stream !== this.#name) return false;
    if ("payload" in frame) this.#payloads.put(frame.payload);
    else if (frame.closed !== undefined) this.#close(frame.closed);
    else if (frame.refused !== undefined) this.#refuse(frame.refused);
    else return false;
    return true;
  }

  /** @internal The connection has ended, and nothing more comes. */
  fail(error: unknown): void {
    this.#payloads.fail(error);
    this.#closings.fail(error);
    this.#refusals.fail(error);
  }

  #close(closed: Closed): void {
    this.#closings.put(closed);
    const cause = closed.code === 1011 ? this.#carrier.lastError() : undefined;
    const how = `was closed with ${closed.code} ${closed.reason}`.trimEnd();
    this.#payloads.fail(this.#closedError(how, cause));
  }

  #refuse(refused: Refused): void {
    this.#refusals.put(refused);
    this.#payloads.fail(this.#closedError(`was refused with ${refused.status}`, undefined));
  }

  #closedError(how: string, cause: unknown): TestError {
    const options = cause === undefined ? {} : { cause };
    return new TestError("ERR_TEST_CLOSED", `the stream "${this.#name}" ${how}`, options);
  }
}

interface Frame {
  readonly stream?: unknown;
  readonly payload?: unknown;
  readonly closed?: Closed;
  readonly refused?: Refused;
}

function frameOf(message: string): Frame | undefined {
  try {
    const frame: unknown = JSON.parse(message);
    return typeof frame === "object" && frame !== null ? frame : undefined;
  } catch {
    return undefined;
  }
}
