import type { RedisAddress } from "./connection.ts";

/** The hash slots from `first` to `last`, and the primary that has them. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly address: RedisAddress;
}

/**
 * Reads the answer to CLUSTER SLOTS. A server that does not know its own name is known by the address
 * at which it was asked. Whatever does not look like an answer is left out.
 */
export function readSlots(answer: unknown, asked: RedisAddress): SlotRange[] {
  const ranges: SlotRange[] = [];
  for (const entry of Array.isArray(answer) ? (answer as unknown[]) : []) {
    if (!Array.isArray(entry) || !Array.isArray(entry[2])) continue;
    const [first, last] = [Number(entry[0]), Number(entry[1])];
    const host = entry[2][0] === null ? "" : String(entry[2][0]);
    const port = Number(entry[2][1]);
    if (!Number.isInteger(first) || !Number.isInteger(last) || !Number.isInteger(port)) continue;
    const isKnown = host !== "" && host !== "?";
    ranges.push({ first, last, address: { host: isKnown ? host : asked.host, port } });
  }
  return ranges;
}
