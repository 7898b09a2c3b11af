import { UsageError } from "../../errors.ts";
import type { Address } from "../broker/broker.ts";

/**
 * The version of what this layer writes: of its keys, its channels, and what is in them. Processes that
 * write another one share nothing with us.
 */
const wireVersion = 1;

const shape = /^[\w.:-]{1,64}$/;

/**
 * How addresses and groups are spelt for Redis. A name stands in braces as it is, so all that belongs to
 * a group has one hash slot; the suffix after it is of a closed list, so no two come out the same.
 *
 * A name with a brace of its own is hashed by what comes before it, which is the same for all its keys.
 */
export class Names {
  readonly #start: string;

  /** @throws UsageError `ERR_INVALID_OPTION` for a prefix that Redis or Redis Cluster would misread. */
  constructor(prefix: string) {
    if (typeof prefix !== "string" || !shape.test(prefix)) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `the option prefix is ${JSON.stringify(prefix)}; it must be 1 to 64 letters, digits, "_", "-", "." or ":"`,
      );
    }
    this.#start = `${prefix}:${wireVersion}:`;
  }

  /** The shard channel of an address. */
  channel(address: Address): string {
    return `${this.#start}{${address}}:message`;
  }

  /** The shard channel on which a group's history is told. */
  keptChannel(group: string): string {
    return `${this.#start}{g${group}}:kept`;
  }

  /** The hash with a group's epoch, its newest offset, and the fence. */
  metaKey(group: string): string {
    return `${this.#start}{g${group}}:meta`;
  }

  /** The hash with the newest messages of a group. */
  logKey(group: string): string {
    return `${this.#start}{g${group}}:log`;
  }

  /** The hash with the ids of a group's messages. */
  idsKey(group: string): string {
    return `${this.#start}{g${group}}:ids`;
  }

  /** A channel of ours alone, in the hash slot that `number` happens to lead to. */
  probeChannel(process: string, number: number): string {
    return `${this.#start}{p${number}}:${process}`;
  }
}
