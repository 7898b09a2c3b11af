import { ChannelLayerError, UsageError } from "../../errors.ts";
import { away } from "../away.ts";
import type { SentHeaders } from "./nats-connection.ts";
import type { NatsLink } from "./nats-link.ts";

/** How a stream is set up: what is said here, and nothing else, is compared with what is there. */
export interface StreamConfig {
  readonly name: string;
  readonly [field: string]: unknown;
}

/** What a stream says of itself. */
export interface StreamState {
  /** The oldest message that is held; one more than the newest if there is none. */
  readonly first_seq: number;
  /** The newest number that was given. */
  readonly last_seq: number;
  /** How many messages each subject has that was asked for. */
  readonly subjects?: Readonly<Record<string, number>>;
}

/** A message as a stream holds it. */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  readonly data: Uint8Array;
}

/** What a stream answers to who appends. */
export interface Ack {
  readonly stream: string;
  readonly seq: number;
  /** It was there already, by its id. */
  readonly duplicate: boolean;
}

/** Which message is wanted: by its number, the first of a subject from a number on, or its newest. */
export type Wanted =
  | { readonly seq: number }
  | { readonly seq: number; readonly next_by_subj: string }
  | { readonly last_by_subj: string };

/**
 * The few questions that are asked of JetStream, over the connection that carries everything else.
 * All of them are answered by a stream's leader, which knows what was appended.
 */
export class JetStream {
  readonly #link: NatsLink;
  readonly #api: string;

  /** @param domain - the JetStream domain, where there are several */
  constructor(link: NatsLink, domain: string | undefined) {
    this.#link = link;
    this.#api = domain === undefined ? "$JS.API." : `$JS.${domain}.API.`;
  }

  /** The names of the streams that hold messages of some subjects. */
  async streamsOf(subject: string): Promise<readonly string[]> {
    const { streams } = await this.#ask<{ streams?: string[] | null }>("STREAM.NAMES", { subject });
    return streams ?? [];
  }

  /** Creates a stream. False if its name or its subjects are another one's. */
  async create(config: StreamConfig): Promise<boolean> {
    try {
      await this.#ask(`STREAM.CREATE.${config.name}`, config);
      return true;
    } catch (error) {
      if (isCode(error, nameInUse) || isCode(error, overlap)) return false;
      throw error;
    }
  }

  /** How a stream is set up, and where it stands; undefined if there is none. */
  async info(
    name: string,
    subject?: string,
  ): Promise<{ readonly config: StreamConfig; readonly state: StreamState } | undefined> {
    const question = subject === undefined ? {} : { subjects_filter: subject };
    const info = await orNothing(
      this.#ask<{ config: StreamConfig; state?: StreamState; cluster?: { leader?: string } }>(
        `STREAM.INFO.${name}`,
        question,
      ),
      noStream,
    );
    if (info === undefined) return undefined;
    const { config, state, cluster } = info;
    // Without a leader another server may answer, which does not know what was appended.
    if (state === undefined || (cluster !== undefined && cluster.leader === undefined)) {
      throw away(`the JetStream stream ${name} has no leader`);
    }
    return { config, state };
  }

  /** One message of a stream; undefined if there is none, or no such stream. */
  async get(name: string, wanted: Wanted): Promise<StoredMessage | undefined> {
    const found = await orNothing(
      this.#ask<{ message: { subject: string; seq: number; data?: string } }>(
        `STREAM.MSG.GET.${name}`,
        wanted,
      ),
      noMessage,
      noStream,
    );
    if (found === undefined) return undefined;
    const { subject, seq, data } = found.message;
    return { subject, seq, data: Buffer.from(data ?? "", "base64") };
  }

  /** Deletes a stream with all that it holds. It need not be there. */
  async delete(name: string): Promise<void> {
    await orNothing(this.#ask(`STREAM.DELETE.${name}`, {}), noStream);
  }

  /** Appends; undefined if no stream takes it. It is published before this returns. */
  append(subject: string, data: Uint8Array, headers?: SentHeaders): Promise<Ack | undefined> {
    return this.#link.ask(subject, data, headers).then((answer) => {
      if (answer === undefined) return undefined;
      const ack = read<{ stream: string; seq: number; duplicate?: boolean }>(subject, answer.data);
      return { stream: ack.stream, seq: ack.seq, duplicate: ack.duplicate === true };
    });
  }

  async #ask<T>(what: string, question: object): Promise<T> {
    const answer = await this.#link.ask(this.#api + what, Buffer.from(JSON.stringify(question)));
    if (answer === undefined) {
      throw away(
        "nobody answers for JetStream: is it enabled in the server, and for this account?",
      );
    }
    return read<T>(what, answer.data);
  }
}

/** JetStream's own numbers for what went wrong. */
const nameInUse = 10058;
const overlap = 10065;
const noStream = 10059;
const noMessage = 10037;
const noCluster = 10074;

interface ApiError {
  readonly code: number;
  readonly err_code?: number;
  readonly description: string;
}

/** The answer in a message. @throws what JetStream says went wrong. */
function read<T>(what: string, data: Uint8Array): T {
  const answer = JSON.parse(Buffer.from(data).toString()) as T & { error?: ApiError };
  if (answer.error === undefined) return answer;
  const { code, err_code, description } = answer.error;
  const message = `JetStream answers to ${what}: ${description}`;
  // What it cannot do now, it may do later; what was asked wrongly stays wrong.
  const temporary = code >= 500 && err_code !== noCluster;
  throw new ChannelLayerError("ERR_LAYER_UNREACHABLE", message, {
    temporary,
    cause: answer.error,
  });
}

function isCode(error: unknown, code: number): boolean {
  return ((error as Error).cause as ApiError | undefined)?.err_code === code;
}

async function orNothing<T>(answer: Promise<T>, ...codes: number[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (codes.some((code) => isCode(error, code))) return undefined;
    throw error;
  }
}

/**
 * Checks that a stream is set up as it is wanted.
 * @throws UsageError `ERR_INVALID_OPTION` that names what differs, and what to do about it.
 */
export function checkConfig(wanted: StreamConfig, found: StreamConfig): void {
  const wrong = Object.keys(wanted).filter((field) => !isSame(wanted[field], found[field]));
  if (wrong.length === 0) return;
  const differences = wrong.map(
    (field) => `${field} is ${JSON.stringify(found[field])}, not ${JSON.stringify(wanted[field])}`,
  );
  throw new UsageError(
    "ERR_INVALID_OPTION",
    `the JetStream stream ${found.name} (${String(wanted.description)}) is set up otherwise than the layer's options say: ${differences.join("; ")}. Edit it with \`nats stream edit\`, or delete it: then its groups begin a new history. Or give the layer another prefix`,
  );
}

function isSame(wanted: unknown, found: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return wanted === found;
  if (typeof found !== "object" || found === null) return false;
  const [ours, theirs] = [wanted, found] as Record<string, unknown>[];
  return Object.keys(ours!).every((field) => isSame(ours![field], theirs![field]));
}
