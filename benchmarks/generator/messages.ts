import type { Content } from "../load.ts";

/** What words are made of: ASCII, as most messages are. */
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

/**
 * Different messages of one size, the same in every run. Text begins with the number of the message, in
 * eight digits; JSON is an object whose values vary as those of a feed do.
 */
export function messages(content: Content, size: number, count: number): Buffer[] {
  const random = new Random(size + count);
  return Array.from({ length: count }, (_, index) => {
    if (content === "json") return json(index, size, random);
    if (content === "binary") return binary(size, random);
    return Buffer.from((String(index).padStart(8, "0") + word(size, random)).slice(0, size));
  });
}

function binary(size: number, random: Random): Buffer {
  const bytes = Buffer.alloc(size);
  for (let index = 0; index < size; index += 1) bytes[index] = random.below(256);
  return bytes;
}

function json(index: number, size: number, random: Random): Buffer {
  const items: object[] = [];
  const whole = (): string =>
    JSON.stringify({ sequence: 1_000_000 + index, channel: "market.updates", items, note: "" });
  for (;;) {
    items.push({
      id: random.below(1_000_000),
      user: word(6 + random.below(6), random),
      price: random.below(1_000_000) / 100,
      volume: random.below(10_000),
      side: random.below(2) === 0 ? "buy" : "sell",
    });
    if (whole().length > size) break;
  }
  items.pop();
  const text = whole().replace(/""}$/, `"${word(size - whole().length, random)}"}`);
  if (text.length !== size) throw new Error(`no JSON of ${size} bytes can be made`);
  return Buffer.from(text);
}

function word(length: number, random: Random): string {
  let text = "";
  for (let index = 0; index < length; index += 1) text += letters[random.below(letters.length)];
  return text;
}

/** Numbers that are the same in every run (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761 + 1) | 0 || 1;
  }

  /** A whole number from 0 and below a bound. */
  below(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }
}
