import type { Application } from "../application/application.ts";
import { type ApplicationLike, toApplication } from "../application/consumer.ts";
import type { Phase } from "../application/fault.ts";
import { ApplicationInstance } from "../application/instance.ts";
import type { Link } from "../application/link.ts";
import { enter } from "../application/router.ts";
import { type Scope, widen } from "../application/scope.ts";
import type { AcceptOptions, RejectOptions } from "../application/socket.ts";
import { UsageError } from "../errors.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { completeLimits, type ConnectionLimits, defaultLimits } from "../internal/limits.ts";
import { checkOptionNames } from "../internal/option-names.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";
import { memoryLayer } from "../layers/memory.ts";
import { checkClose } from "../protocol/close-code.ts";
import { handshakeResponse, refusalResponse } from "../protocol/handshake-response.ts";
import { parseTarget } from "../protocol/target.ts";
import { ConnectionScope } from "../server/connection-scope.ts";
import { Inbox, TestError } from "./inbox.ts";
import { StreamCommunicator } from "./stream-communicator.ts";

/** Options of {@link communicator}. */
export interface CommunicatorOptions {
  /** The path, with a query if you like. @defaultValue "/" */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly subprotocols?: readonly string[];
  /** Share one between communicators that should meet. @defaultValue a memory layer of its own */
  readonly layer?: ChannelLayer;
  /** What a middleware would have added: a session, a user. */
  readonly scope?: object;
  readonly limits?: ConnectionLimits;
  /** For the application's deadlines. @defaultValue the system's */
  readonly clock?: Pick<Clock, "after">;
}

const optionNames: readonly string[] = [
  "path",
  "headers",
  "subprotocols",
  "layer",
  "scope",
  "limits",
  "clock",
] satisfies (keyof CommunicatorOptions)[];

/** How a connection was answered. */
export type Answer =
  | { readonly accepted: true; readonly subprotocol: string | undefined; readonly headers: Headers }
  | {
      readonly accepted: false;
      readonly status: number;
      readonly headers: Headers;
      readonly body: string | undefined;
    };

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** How a connection ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/**
 * Drives an application, or a consumer class, without a socket.
 *
 * ```ts
 * const chat = communicator(Chat, { path: "/chat/lobby/" });
 * await chat.connect();
 * chat.send("hello");
 * expect(await chat.receive()).toBe("hello");
 * await chat.disconnect();
 * ```
 */
export function communicator<S extends Scope>(
  application: ApplicationLike<S>,
  options: CommunicatorOptions = {},
): Communicator {
  return make("communicator", application, options);
}

/** `of` is who was called, for errors. */
function make<S extends Scope>(
  of: string,
  application: ApplicationLike<S>,
  options: CommunicatorOptions,
): Communicator {
  if (typeof (options as Partial<ChannelLayer> | null)?.groupSend === "function") {
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `${of} was given a channel layer for its options: give it as one of them, ${of}(application, { layer })`,
    );
  }
  checkOptionNames(of, options, optionNames, `${of}(application, { … })`);
  return new Communicator(toApplication(application, of) as Application<never>, options);
}

/**
 * Makes a {@link communicator} whose connection is open. Where it is refused, it rejects: with the
 * application's own error if that was why, otherwise with `ERR_TEST_CLOSED`.
 */
export async function connected<S extends Scope>(
  application: ApplicationLike<S>,
  options: CommunicatorOptions = {},
): Promise<Communicator> {
  const client = make("connected", application, options);
  const answer = await client.connect();
  if (answer.accepted) return client;
  const [fault] = client.errors;
  throw fault === undefined ? refusalError(answer.status, answer.body) : fault.error;
}

/** One connection to an application, from the client's side. */
export class Communicator {
  readonly #instance: ApplicationInstance | undefined;
  readonly #link: MemoryLink;
  readonly #finished: Promise<void>;
  #asked = false;

  /** @internal Use {@link communicator}. */
  constructor(target: Application<never>, options: CommunicatorOptions) {
    const application = target as Application;
    const { path: fullPath = "/", headers = {}, subprotocols = [] } = options;
    const parsed = parseTarget(fullPath);
    if (parsed === undefined) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `the path ${JSON.stringify(fullPath)} of communicator is none that a client can ask for: it has to be like "/chat/?x=1"`,
      );
    }
    this.#link = new MemoryLink();
    const match = application.match?.(parsed.path);
    if (application.match !== undefined && match === undefined) {
      this.#link.reject(404, { body: `no route matches ${JSON.stringify(parsed.path)}` });
      this.#finished = Promise.resolve();
      return;
    }
    const bare: Scope = new ConnectionScope({
      httpVersion: "1.1",
      secure: false,
      path: parsed.path,
      query: parsed.query,
      rawHeaders: Object.entries(headers).flat(),
      subprotocols,
      client: { address: "127.0.0.1", port: 0 },
      layer: options.layer ?? memoryLayer(),
    });
    const preset = options.scope === undefined ? bare : widen(bare, options.scope);
    const scope = match === undefined ? preset : enter(preset as Scope, match);
    let finish: () => void;
    this.#finished = new Promise((resolve) => {
      finish = resolve;
    });
    this.#instance = new ApplicationInstance({
      application,
      scope: scope as Scope,
      link: this.#link,
      limits: { ...completeLimits(options.limits, defaultLimits), ...match?.options.limits },
      clock: options.clock ?? systemClock,
      observer: {
        error: (error, phase) => this.#link.fails(error, phase),
        finished: () => finish(),
      },
    });
    this.#link.instance = this.#instance;
  }

  /** Errors that the application threw, in order, with where. */
  get errors(): readonly { readonly error: unknown; readonly phase: Phase }[] {
    return this.#link.errors;
  }

  /** Opens the connection and resolves with the answer. An error of the application's is a 500. */
  connect(timeout = 1000): Promise<Answer> {
    this.#asked = true;
    this.#instance?.start();
    return this.#link.answers.take(timeout);
  }

  /**
   * Sends a message, as the client: a string as text, bytes as binary. After a close it is lost.
   * @throws UsageError `ERR_NOT_ACCEPTED` before {@link connect} was called.
   */
  send(message: string | Uint8Array): void {
    if (!this.#asked) {
      throw new UsageError(
        "ERR_NOT_ACCEPTED",
        "this communicator has no connection yet: await connect() before it sends",
      );
    }
    if (this.#link.closing) return;
    if (typeof message === "string") this.#instance?.onText(message);
    else this.#instance?.onBytes(message);
  }

  /** Sends a value as JSON text. */
  sendJson(value: unknown): void {
    this.send(JSON.stringify(value));
  }

  /**
   * The next message from the application. An error of the application's own comes in its turn, as a
   * rejection; after the end it is `ERR_TEST_CLOSED`, after `timeout` milliseconds
   * `ERR_TEST_TIMEOUT`.
   */
  receive(timeout = 1000): Promise<string | Uint8Array> {
    return this.#link.messages.take(timeout);
  }

  /** The next message, which has to be JSON text. */
  async receiveJson(timeout = 1000): Promise<unknown> {
    const message = await this.receive(timeout);
    if (typeof message === "string") return JSON.parse(message);
    throw new TestError(
      "ERR_TEST_TIMEOUT",
      `a binary message of ${message.length} bytes came, not JSON text`,
    );
  }

  /** Whether nothing comes within `duration` milliseconds. Nothing is taken. */
  async receiveNothing(duration = 20): Promise<boolean> {
    await new Promise<void>((resolve) => systemClock.after(duration, resolve));
    return this.#link.messages.size === 0;
  }

  /**
   * One stream of an application that `streams` made. From then on, its frames come to it alone, and
   * also those that nobody has received yet.
   */
  stream(name: string): StreamCommunicator {
    const { streams, messages, errors } = this.#link;
    let stream = streams.get(name);
    if (stream === undefined) {
      const made = new StreamCommunicator(name, {
        send: (frame) => this.sendJson(frame),
        lastError: () => errors.at(-1)?.error,
      });
      streams.set(name, made);
      messages.sift((message) => made.takes(message));
      stream = made;
    }
    return stream;
  }

  /** Resolves when the application, or {@link disconnect}, closed the connection. */
  closed(timeout = 1000): Promise<Closed> {
    return this.#link.closings.take(timeout);
  }

  /** Closes the connection, as the client; resolves when the application has let go of it. */
  async disconnect(code = 1000, reason = ""): Promise<void> {
    checkClose(code === 1005 || code === 1006 ? undefined : code, reason);
    // Who closed first has the say: an application that just did knows its own code.
    if (!this.#link.closing) this.#link.end(code, reason);
    await this.#finished;
  }
}

/** The key of RFC 6455 §1.3: a client has to have one. */
const key = "dGhlIHNhbXBsZSBub25jZQ==";

/** A connection that is only memory: nothing is slow and nothing is lost. */
class MemoryLink implements Link {
  readonly answers = new Inbox<Answer>("answer");
  readonly messages = new Inbox<string | Uint8Array>("message");
  readonly closings = new Inbox<Closed>("close frame");
  readonly streams = new Map<string, StreamCommunicator>();
  readonly errors: { readonly error: unknown; readonly phase: Phase }[] = [];
  instance: ApplicationInstance | undefined;
  /** Whether one of the two has closed: no message is sent or delivered any more. */
  closing = false;
  #ended = false;

  readonly bufferedAmount = 0;

  accept({ subprotocol, headers = {} }: AcceptOptions): void {
    // Made for what it throws: options that a server could not send.
    handshakeResponse({ key, subprotocol, headers });
    this.answers.put({ accepted: true, subprotocol, headers });
  }

  reject(status: number, { headers = {}, body }: RejectOptions): void {
    refusalResponse(status, { headers, body });
    this.answers.put({ accepted: false, status, headers, body });
    this.messages.fail(refusalError(status, body));
  }

  send(data: string | Uint8Array): void {
    if (this.closing) return;
    for (const stream of this.streams.values()) if (stream.takes(data)) return;
    this.messages.put(typeof data === "string" ? data : new Uint8Array(data));
  }

  close(code = 1000, reason = ""): void {
    checkClose(code, reason);
    this.closing = true;
    // The client answers, which takes a moment; the application goes on until then.
    queueMicrotask(() => this.end(code, reason));
  }

  fail(code: number, reason: string): void {
    this.end(code, reason);
  }

  end(code: number, reason: string): void {
    if (this.#ended) return;
    this.closing = true;
    this.#ended = true;
    this.closings.put({ code, reason });
    const error = new TestError(
      "ERR_TEST_CLOSED",
      `the connection was closed with ${code} ${reason}`.trimEnd(),
    );
    this.messages.fail(error);
    for (const stream of this.streams.values()) stream.fail(error);
    this.instance?.onEnd(code, reason);
  }

  fails(error: unknown, phase: Phase): void {
    this.errors.push({ error, phase });
    this.messages.raise(error);
  }

  flush(): void {}
  pause(): void {}
  resume(): void {}
  drop(): void {}

  drained(): Promise<void> {
    return Promise.resolve();
  }
}

function refusalError(status: number, body: string | undefined): TestError {
  const reason = body === undefined || body === "" ? "" : `: ${body}`;
  return new TestError("ERR_TEST_CLOSED", `the connection was refused with ${status}${reason}`);
}
