/** What a payload is made of. The first two are text; the last one hardly gets any smaller. */
export type Material = "records" | "markup" | "prose" | "picture" | "noise";

/** Whether it is UTF-8. Prose is, too, but is sent in binary messages. */
export const isText = (material: Material): boolean =>
  material === "records" || material === "markup";

/**
 * `length` octets of a material from `start` on, and from its beginning again where it ends: the
 * same ones each time. Where a text is cut inside a character, spaces stand instead.
 */
export function excerpt(material: Material, start: number, length: number): Buffer {
  const whole = all(material);
  const octets = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length; ) {
    filled += whole.copy(octets, filled, (start + filled) % whole.length);
  }
  return isText(material) ? trimmed(octets) : octets;
}

const made = new Map<Material, Buffer>();

function all(material: Material): Buffer {
  const whole = made.get(material) ?? make[material](new Random(material.length));
  made.set(material, whole);
  return whole;
}

/** About as much as there is of each material. It is odd, so that what repeats itself is not aligned. */
const size = 300_007;

const make: Readonly<Record<Material, (random: Random) => Buffer>> = {
  records: (random) =>
    pieces((i) => {
      const tags = Array.from({ length: random.below(4) }, () => `"${random.word()}"`);
      return `{"id":${i},"name":"${random.name()}","active":${random.below(2) === 0},"balance":${random.below(1_000_000) / 100},"tags":[${tags.join(",")}]},\n`;
    }),
  markup: (random) =>
    pieces((i) => {
      const cells = Array.from({ length: 3 }, () => `<td>${random.word()} ${random.name()}</td>`);
      return `  <tr id="row-${i}" class="${i % 2 === 0 ? "even" : "odd"}">${cells.join("")}</tr>\n`;
    }),
  prose: (random) =>
    pieces(() => {
      const words = Array.from({ length: 6 + random.below(14) }, () => random.word());
      return `${words.join(" ")}.\n`;
    }),
  picture: (random) =>
    Buffer.from(
      Uint8Array.from({ length: size }, (_, i) => {
        const [x, y] = [i % 547, Math.floor(i / 547)];
        return Math.abs((x % 256) - 128) + Math.abs((y % 180) - 90) / 2 + random.below(4);
      }),
    ),
  noise: (random) => Buffer.from(Uint8Array.from({ length: size }, () => random.below(256))),
};

function pieces(piece: (i: number) => string): Buffer {
  let text = "";
  for (let i = 0; text.length < size; i++) text += piece(i);
  return Buffer.from(text);
}

function trimmed(text: Buffer): Buffer {
  const continues = (octet = 0) => (octet & 0xc0) === 0x80;
  for (let i = 0; continues(text[i]); i++) text[i] = 0x20;
  let last = text.length - 1;
  while (continues(text[last])) last--;
  const lead = text[last] ?? 0;
  const width = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (last + width > text.length) text.fill(0x20, Math.max(last, 0));
  return text;
}

const syllables = ["ka", "lo", "mi", "ren", "to", "sa", "vel", "nu", "qui", "ber", "ost", "ju"];
const names = [
  "Zoë",
  "Łukasz",
  "Ксения",
  "さくら",
  "José",
  "Ådne",
  "Mia",
  "🦜 Polly",
  "Nguyễn",
  "Ida",
];

/** The same numbers each time, from a seed above 0 (the generator is xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % limit;
  }

  /** A made-up word; some come up much more often than others. */
  word(): string {
    const length = 1 + this.below(3);
    const pick = () => syllables[Math.min(this.below(12), this.below(12))] ?? "";
    return Array.from({ length }, pick).join("");
  }

  name(): string {
    return `${names[this.below(names.length)]} ${this.word()}`;
  }
}
