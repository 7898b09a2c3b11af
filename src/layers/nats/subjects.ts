import { createHash } from "node:crypto";
import { UsageError } from "../../errors.ts";
import type { Address } from "../broker/broker.ts";
import type { FullHistoryRule } from "../history-rule.ts";

/** Tokens of letters, digits, `_` and `-`, with dots between them. */
const shape = /^[\w-]+(\.[\w-]+)*$/;

/** Names may have 200 bytes, of which each may become three; a server takes 4 096 for a whole line. */
const maxPrefixLength = 100;

/**
 * The subjects of one layer. All of them begin with its prefix, and no two things share one: what
 * comes from a name is one token, in which no name can say `.`, `*`, `>` or a space.
 *
 * - `P.a`, `P.g.NAME` and `P.n.NAME` are the addresses.
 * - `P.h.RULE.GROUP` is what is appended to histories, `P.m.RULE` the marks in their streams.
 * - `P.l.GROUP` is where the server publishes again what it has appended.
 * - `P.r.ID.N` are the answers to one process.
 */
export class Subjects {
  readonly #prefix: string;

  /** @throws UsageError `ERR_INVALID_OPTION` for what cannot begin a subject. */
  constructor(prefix: string) {
    if (typeof prefix !== "string" || !shape.test(prefix) || prefix.length > maxPrefixLength) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `the option prefix is ${JSON.stringify(prefix)}; it must be up to ${maxPrefixLength} letters, digits, "_" and "-", with single dots between them`,
      );
    }
    this.#prefix = prefix;
  }

  address(address: Address): string {
    const kind = address[0]!;
    const subject = `${this.#prefix}.${kind}`;
    return kind === "a" ? subject : `${subject}.${token(address.slice(1))}`;
  }

  live(group: string): string {
    return `${this.#prefix}.l.${token(group)}`;
  }

  replies(id: string): string {
    return `${this.#prefix}.r.${id}`;
  }

  /** Those of one rule's histories. */
  history(rule: FullHistoryRule): HistorySubjects {
    const key = digest(rule.groups).slice(0, 12);
    const prefix = this.#prefix;
    return {
      groups: `${prefix}.h.${key}.*`,
      mark: `${prefix}.m.${key}`,
      live: `${prefix}.l.{{wildcard(1)}}`,
      of: (group) => `${prefix}.h.${key}.${token(group)}`,
      stream: `${prefix.replaceAll(".", "-")}-${key}-`,
    };
  }
}

/** The subjects of one rule's histories. */
export interface HistorySubjects {
  /** All that is appended. */
  readonly groups: string;
  /** The marks. */
  readonly mark: string;
  /** Where to the server publishes again. */
  readonly live: string;
  /** Where a group's messages are appended. */
  of(group: string): string;
  /** How the names of its streams begin; 16 hexadecimal digits follow. */
  readonly stream: string;
}

/** How the names of streams end: what is never used twice. */
const streamEnd = /-([0-9a-f]{16})$/;

/**
 * The epoch of a group, of which the digest is given, in a stream; undefined if it is none of a layer.
 * Groups share a stream, and a position of one may not pass for that of another.
 */
export function epochOf(stream: string, group: string): string | undefined {
  const end = streamEnd.exec(stream);
  return end === null ? undefined : `${end[1]}-${group.slice(0, 8)}`;
}

/** What stands for a text that may be long or odd: 64 lower-case hexadecimal digits. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A name as one token: as in a URL, so that common ones can be read. */
function token(name: string): string {
  return encodeURIComponent(name).replaceAll(".", "%2E").replaceAll("*", "%2A");
}
