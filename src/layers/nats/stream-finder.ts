import { randomBytes } from "node:crypto";
import { UsageError } from "../../errors.ts";
import type { Clock } from "../../internal/clock.ts";
import { away } from "../away.ts";
import type { FullHistoryRule } from "../history-rule.ts";
import { checkConfig, type JetStream, type StreamConfig } from "./jet-stream.ts";
import { epochOf, type HistorySubjects } from "./subjects.ts";

/** How streams are kept by JetStream. */
export interface StreamOptions {
  /** Where the server holds messages. @defaultValue "file" */
  readonly storage?: "file" | "memory";
  /** How many servers hold them: 1, or with a cluster 3 or 5. @defaultValue 1 */
  readonly replicas?: number;
  /**
   * What all groups of one rule hold together, in bytes as the server counts them; the oldest
   * messages give way. @defaultValue no bound but that of the server
   */
  readonly bytes?: number;
  /** The JetStream domain, where there are several. */
  readonly domain?: string;
}

/** What a {@link StreamFinder} needs to know. */
export interface StreamFinderOptions {
  readonly jetStream: JetStream;
  readonly subjects: HistorySubjects;
  readonly rule: FullHistoryRule;
  readonly stream: StreamOptions;
  readonly clock: Clock;
}

/** A stream that was used before, and the highest number that it was seen to give. */
export interface KnownStream {
  readonly name: string | undefined;
  readonly highest: number;
}

/** A stream that can be used, and the newest number that it has given. */
export interface FoundStream {
  readonly name: string;
  readonly last: number;
}

/**
 * Finds the stream of one rule, by its subjects, or makes it. One that has lost something is deleted.
 * It has if it stands before a number that it gave, or if it is empty: its maker leaves a mark as its
 * first message, for a stream in memory may come back under its own name, empty, and with its date.
 */
export class StreamFinder {
  readonly #options: StreamFinderOptions;
  readonly #config: Omit<StreamConfig, "name">;
  /** Streams that have lost something. */
  readonly #condemned = new Set<string>();

  constructor(options: StreamFinderOptions) {
    const { rule, subjects, stream } = options;
    this.#options = options;
    this.#config = {
      description: `histories of sluice, groups ${rule.groups}`,
      subjects: [subjects.groups, subjects.mark],
      storage: stream.storage ?? "file",
      num_replicas: stream.replicas ?? 1,
      retention: "limits",
      discard: "old",
      max_msgs: -1,
      max_bytes: stream.bytes ?? -1,
      max_msgs_per_subject: mostHeld(rule),
      max_age: maxAgeOf(rule) * nanoseconds,
      duplicate_window: Math.max(rule.idWindow, leastAge) * nanoseconds,
      republish: { src: subjects.groups, dest: subjects.live },
    };
  }

  /** This stream has lost something: it is not to be found again. */
  condemn(name: string): void {
    this.#condemned.add(name);
  }

  /**
   * The stream of the rule, and the newest number that it has given: found, or created if there is
   * none that can be used. `known` is what is known of the one that was used before.
   */
  async find(known: KnownStream): Promise<FoundStream> {
    const { jetStream, subjects } = this.#options;
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const [name] = (await jetStream.streamsOf(subjects.groups)).toSorted();
      if (name === undefined) {
        const made = await this.#create();
        if (made !== undefined) return made;
        continue;
      }
      if (!name.startsWith(subjects.stream) || epochOf(name, "") === undefined) {
        throw foreign(name, subjects.groups);
      }
      const last = this.#condemned.has(name) ? undefined : await this.#lastOf(name, known);
      if (last !== undefined) return { name, last };
      this.#condemned.add(name);
      await jetStream.delete(name);
      this.#condemned.delete(name);
    }
    throw away(`no JetStream stream for ${subjects.groups} stays for long enough to be used`);
  }

  async #create(): Promise<FoundStream | undefined> {
    const { jetStream, subjects, rule } = this.#options;
    const name = subjects.stream + randomBytes(8).toString("hex");
    try {
      if (!(await jetStream.create({ name, ...this.#config }))) return undefined;
    } catch (error) {
      if ((error as { temporary?: boolean }).temporary !== false) throw error;
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `the histories of ${JSON.stringify(rule.groups)} cannot be kept: ${(error as Error).message}`,
        { cause: error },
      );
    }
    const ack = await jetStream.append(subjects.mark, nothing);
    return ack?.stream === name ? { name, last: ack.seq } : undefined;
  }

  /** The newest number of a stream; undefined if it has lost something. */
  async #lastOf(name: string, known: KnownStream): Promise<number | undefined> {
    const { jetStream, subjects, clock } = this.#options;
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const info = await jetStream.info(name);
      if (info === undefined) return undefined;
      checkConfig({ name, ...this.#config }, info.config);
      const last = info.state.last_seq;
      if (name === known.name && last < known.highest) {
        const ack = await jetStream.append(subjects.mark, nothing);
        if (ack === undefined) throw away(`the JetStream stream ${name} has no leader`);
        return ack.stream === name && ack.seq > known.highest ? ack.seq : undefined;
      }
      if (last > 0) return last;
      // Its maker leaves a mark in a moment; a stream that stays empty has lost that, too.
      await new Promise<void>((resolve) => void clock.after(makersTime, resolve));
    }
    return undefined;
  }
}

/** How long messages of a rule are held, in milliseconds: no id is remembered for longer than that. */
export function maxAgeOf({ ttl, idWindow }: FullHistoryRule): number {
  return Math.max(ttl, idWindow, leastAge);
}

/**
 * How many messages of a group are held. One more than can be recovered: what a member saw last has to
 * be there, to prove that the rest is whole.
 */
export function mostHeld({ size }: FullHistoryRule): number {
  return size + 1;
}

/** The error for a stream that is somebody else's. */
export function foreign(stream: string, subjects: string): UsageError {
  return new UsageError(
    "ERR_INVALID_OPTION",
    `the JetStream stream ${stream} takes ${subjects}, and was not made for it by this layer: delete it, or give the layer another prefix`,
  );
}

const nothing = new Uint8Array(0);

/** JetStream counts time in these, and takes no less than 100 milliseconds. */
const nanoseconds = 1_000_000;
const leastAge = 100;

/** How often something that others change at the same time is tried. */
const mostAttempts = 5;

/** How long the maker of a stream has for its mark, of so many attempts, in milliseconds. */
const makersTime = 250;
