import { ChannelLayerError } from "../../errors.ts";
import type { Clock } from "../../internal/clock.ts";
import { away } from "../away.ts";
import type {
  NatsConnection,
  NatsMessage,
  NatsStatus,
  NatsSubscription,
  SentHeaders,
} from "./nats-connection.ts";

/** What a {@link NatsLink} needs to know. */
export interface NatsLinkOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** How long an answer may take, in milliseconds. */
  readonly timeout: number;
  /** The subject below which answers come to this process and nobody else. */
  readonly replies: string;
  /** The connection is there again, and everything that is listened to arrives. */
  readonly back: () => void;
}

/**
 * The user's connection, with an end to all waiting: what is asked of it is answered or rejected
 * within the timeout, and while it is away everything rejects at once, so that the client keeps
 * nothing for later.
 *
 * Publishing is in the order of the calls. Everything of one turn of the event loop is confirmed by
 * one round trip.
 */
export class NatsLink {
  readonly #options: NatsLinkOptions;
  #isUp = false;
  #isClosed = false;
  #returns = 0;
  #maxPayload = usualPayload;
  #statuses: { stop?(): void } | undefined;
  #replies: Listening | undefined;
  /** What was asked and is not answered yet. */
  readonly #questions = new Map<number, Question>();
  #asked = 0;
  #confirmation: Promise<void> | undefined;
  /** Ends of round trips that are under way. */
  readonly #trips = new Set<(error: ChannelLayerError) => void>();
  /** What may not be published, by subject. Asked anew after each loss of the connection. */
  readonly #denied = new Map<string, Error>();

  constructor(options: NatsLinkOptions) {
    this.#options = options;
  }

  /** The largest message with its headers, in bytes. */
  get maxPayload(): number {
    return (this.#maxPayload = this.#options.connection.info?.max_payload ?? this.#maxPayload);
  }

  open(): void {
    const { connection, replies } = this.#options;
    const statuses = connection.status();
    this.#statuses = statuses as { stop?(): void };
    void this.#watch(statuses);
    this.#isUp = connection.info !== undefined && !connection.isClosed();
    if (connection.isClosed()) return;
    this.#replies = this.#subscribe(`${replies}.*`, (message) => this.#answer(message));
  }

  /** Publishes. @throws ChannelLayerError `ERR_LAYER_UNREACHABLE` while the connection is away. */
  publish(subject: string, data: Uint8Array, reply?: string, headers?: SentHeaders): void {
    this.#check();
    try {
      this.#options.connection.publish(subject, data, {
        ...(reply === undefined ? {} : { reply }),
        ...(headers === undefined ? {} : { headers }),
      });
    } catch (cause) {
      throw away("the NATS client refused to publish", cause);
    }
  }

  /** Listens to a subject until it is ended, through every loss of the connection. */
  listen(subject: string, take: (message: NatsMessage) => void): Listening {
    this.#check();
    return this.#subscribe(subject, take);
  }

  /** Resolves when the server has taken all that was said before. */
  confirm(): Promise<void> {
    this.#confirmation ??= new Promise((resolve, reject) => {
      this.#options.clock.endOfTurn(() => {
        this.#confirmation = undefined;
        this.#trip().then(resolve, reject);
      });
    });
    return this.#confirmation;
  }

  /** Publishes, and resolves when the server has it. */
  async send(subject: string, data: Uint8Array): Promise<void> {
    this.publish(subject, data);
    await this.confirm();
    this.#checkDenied(subject);
  }

  /**
   * Publishes, and resolves with whether anybody listens. The server says at once if nobody does, so
   * the one round trip that confirms a publication tells this, too; nobody has to answer.
   */
  async tell(subject: string, data: Uint8Array): Promise<boolean> {
    let isHeard = true;
    const number = this.#number();
    const hear = (): void => {
      isHeard = false;
    };
    this.#questions.set(number, { subject, settle: hear, fail: () => {} });
    try {
      this.publish(subject, data, this.#replySubject(number));
      await this.confirm();
    } finally {
      this.#questions.delete(number);
    }
    this.#checkDenied(subject);
    return isHeard;
  }

  /**
   * Publishes, and resolves with the first answer; undefined if nobody listens. The message is
   * published before this returns.
   */
  ask(
    subject: string,
    data: Uint8Array,
    headers?: SentHeaders,
    timeout: number = this.#options.timeout,
  ): Promise<NatsMessage | undefined> {
    return new Promise((resolve, reject) => {
      const number = this.#number();
      this.publish(subject, data, this.#replySubject(number), headers);
      const { clock } = this.#options;
      const cancel = clock.after(timeout, () => {
        this.#questions.delete(number);
        reject(away(`NATS did not answer to ${subject} within ${Math.round(timeout)} ms`));
      });
      this.#questions.set(number, {
        subject,
        settle(answer) {
          cancel();
          resolve(answer);
        },
        fail(error) {
          cancel();
          reject(error);
        },
      });
    });
  }

  /** Ends what was begun; resolves when the server knows. The connection stays as it is. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#replies?.end();
    const said = this.#isUp ? this.#trip().catch(() => {}) : undefined;
    this.#isClosed = true;
    this.#statuses?.stop?.();
    this.#lose(closed());
    await said;
  }

  #check(): void {
    if (this.#isClosed) throw closed();
    if (this.#options.connection.isClosed()) throw gone();
    if (!this.#isUp) throw away("the connection to NATS is lost");
    const error = this.#replies?.error;
    if (error !== undefined) throw refused(error);
  }

  #checkDenied(subject: string): void {
    const error = this.#denied.get(subject);
    if (error !== undefined) throw refused(error);
  }

  #number(): number {
    this.#asked += 1;
    return this.#asked;
  }

  #replySubject(number: number): string {
    return `${this.#options.replies}.${number}`;
  }

  #subscribe(subject: string, take: (message: NatsMessage) => void): Listening {
    const { connection } = this.#options;
    const listening: Listening = { error: undefined, end: () => {} };
    const subscription: NatsSubscription = connection.subscribe(subject, {
      callback(error, message) {
        if (error === null) take(message);
        else listening.error = error;
      },
    });
    listening.end = () => {
      if (!connection.isClosed()) subscription.unsubscribe();
    };
    return listening;
  }

  #answer(message: NatsMessage): void {
    const { subject, data, headers } = message;
    const number = Number(subject.slice(subject.lastIndexOf(".") + 1));
    const question = this.#questions.get(number);
    if (question === undefined) return;
    this.#questions.delete(number);
    question.settle(data.length === 0 && headers?.code === 503 ? undefined : message);
  }

  /** A round trip to the server and back. */
  #trip(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#check();
      const { connection, clock, timeout } = this.#options;
      const fail = (error: ChannelLayerError): void => {
        cancel();
        this.#trips.delete(fail);
        reject(error);
      };
      const cancel = clock.after(timeout, () => {
        fail(away(`NATS did not answer within ${timeout} ms`));
      });
      this.#trips.add(fail);
      connection.flush().then(
        () => {
          // What the server has refused was said before, but the client tells it a little later.
          clock.endOfTurn(() => {
            cancel();
            this.#trips.delete(fail);
            resolve();
          });
        },
        (cause: unknown) => fail(away("the connection to NATS was lost", cause)),
      );
    });
  }

  async #watch(statuses: AsyncIterable<NatsStatus>): Promise<void> {
    try {
      for await (const status of statuses) {
        if (this.#isClosed) return;
        this.#take(status);
      }
    } catch {
      // Nothing more is told, as after its end.
    }
    this.#isUp = false;
    this.#lose(this.#isClosed ? closed() : gone());
  }

  #take({ type, error }: NatsStatus): void {
    switch (type) {
      case "disconnect":
        this.#isUp = false;
        return this.#lose(away("the connection to NATS was lost"));
      case "reconnect":
        return void this.#return();
      case "error":
        if (error !== undefined) this.#deny(error);
        return;
      default:
    }
  }

  async #return(): Promise<void> {
    const { clock } = this.#options;
    this.#isUp = true;
    this.#denied.clear();
    if (this.#replies?.error !== undefined) {
      this.#replies = this.#subscribe(`${this.#options.replies}.*`, (message) =>
        this.#answer(message),
      );
    }
    this.#returns += 1;
    const current = this.#returns;
    for (;;) {
      try {
        await this.#trip();
        break;
      } catch {
        await new Promise<void>((resolve) => void clock.after(retryInterval, resolve));
        // Lost again: the next return says it.
        if (!this.#isUp || this.#isClosed || current !== this.#returns) return;
      }
    }
    if (!this.#isClosed) this.#options.back();
  }

  #lose(error: ChannelLayerError): void {
    const questions = [...this.#questions.values()];
    this.#questions.clear();
    for (const question of questions) question.fail(error);
    for (const fail of [...this.#trips]) fail(error);
  }

  /** The server refuses something: whoever asked for it hears so now. */
  #deny(error: Error): void {
    const { operation, subject } = error as { operation?: unknown; subject?: unknown };
    if (operation !== "publish" || typeof subject !== "string") return;
    if (this.#denied.size >= mostDenied) this.#denied.clear();
    this.#denied.set(subject, error);
    for (const [number, question] of this.#questions) {
      if (question.subject !== subject) continue;
      this.#questions.delete(number);
      question.fail(refused(error));
    }
  }
}

/** Something that is listened to. */
export interface Listening {
  /** Why it is not, if the server refused it. */
  error: Error | undefined;
  end: () => void;
}

interface Question {
  readonly subject: string;
  settle(answer: NatsMessage | undefined): void;
  fail(error: ChannelLayerError): void;
}

/** What a server takes if it says nothing else, in bytes. */
const usualPayload = 1_048_576;

/** How long after a vain question a server that is there again is asked again, in milliseconds. */
const retryInterval = 100;

/** How many refusals are remembered. */
const mostDenied = 1_000;

/** The error for what the server will not do as long as it is set up as it is. */
export function refused(cause: Error): ChannelLayerError {
  return new ChannelLayerError("ERR_LAYER_UNREACHABLE", `NATS refuses: ${cause.message}`, {
    cause,
  });
}

function gone(): ChannelLayerError {
  return new ChannelLayerError(
    "ERR_LAYER_UNREACHABLE",
    "the connection to NATS is closed for good; connect with maxReconnectAttempts: -1",
  );
}

function closed(): ChannelLayerError {
  return new ChannelLayerError("ERR_LAYER_CLOSED", "the connection of the layer was closed");
}
