import type { Member } from "../addresses.ts";
import type { Data } from "../data.ts";

/** The name of a process, for as long as it lives: as in the names of its channels. */
export type Process = string;

/** What processes ask each other, and what they answer. */
export interface Questions {
  /** How many members a group has there. */
  count: { readonly ask: { readonly group: string }; readonly answer: number };
  /** Their names, sorted. */
  members: { readonly ask: PageQuestion; readonly answer: WrittenPage<string> };
  isMember: {
    readonly ask: { readonly group: string; readonly channel: string };
    readonly answer: boolean;
  };
  /** Who is shown in a group there, sorted by keys. */
  presence: { readonly ask: PageQuestion; readonly answer: WrittenPage<WrittenPresent> };
  /** All the keys in a group there, and how many members have them. */
  keys: {
    readonly ask: PageQuestion;
    readonly answer: WrittenPage<readonly [key: string, channels: number]>;
  };
  /** Who reads a fixed name, and where messages wait for it. */
  name: { readonly ask: { readonly name: string }; readonly answer: NameAnswer };
  /** Keep this message with those that wait there for a fixed name. */
  keep: {
    readonly ask: { readonly name: string; readonly data: Data };
    readonly answer: "kept" | "full";
  };
}

export type QuestionKind = keyof Questions;

/** A question for a page of something that is sorted by names. */
export interface PageQuestion {
  readonly group: string;
  readonly after?: string;
  readonly limit: number;
}

/** Some of what one process has; with `more` there is more behind the last of them. */
export interface WrittenPage<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

/** One who is in a group, with what is said of it as it is written down. */
export interface WrittenPresent {
  readonly key: string;
  readonly channels: number;
  readonly infos: readonly Data[];
}

/** What a process says of a fixed name. */
export interface NameAnswer {
  /** How many of its channels read it. */
  readonly readers: number;
  /** `waits`: messages do there. `asks`: it is about to let one wait, and asks in this moment. */
  readonly state: "none" | "asks" | "waits";
}

/** One entry of a part that is mirrored elsewhere; without a value it is gone. */
export type Entry = readonly [key: string, value?: unknown];

/** What processes tell each other. All but `direct` say whom they are from. */
export type Letter =
  /** A process begins, or may have been away: to all. */
  | { readonly kind: "hello"; readonly from: Process }
  /** Is anybody here? To those who have begun already. */
  | { readonly kind: "knock"; readonly from: Process }
  /** It is here, and knows the one it tells so. */
  | {
      readonly kind: "here";
      readonly from: Process;
      /** The others that it knows. */
      readonly known: readonly Process[];
      /** It knows all who came before it. */
      readonly isSettled: boolean;
      /** It wants to hear the same. */
      readonly asks: boolean;
    }
  /** It is still here: to all. */
  | { readonly kind: "beat"; readonly from: Process }
  /** It ends: to all. */
  | { readonly kind: "bye"; readonly from: Process }
  | {
      readonly kind: "ask";
      readonly from: Process;
      readonly request: number;
      readonly question: QuestionKind;
      readonly about: Questions[QuestionKind]["ask"];
    }
  | {
      readonly kind: "answer";
      readonly from: Process;
      readonly request: number;
      readonly answer: unknown;
    }
  /** For one channel, or for a reader of a fixed name. */
  | { readonly kind: "direct"; readonly to: Member | string; readonly data: Data }
  /** Tell me your part of this from now on; or whether I have all of it. */
  | {
      readonly kind: "follow";
      readonly from: Process;
      readonly topic: string;
      readonly stream: number;
      /** The last letter of the stream that came; 0 if none has. */
      readonly number: number;
    }
  | { readonly kind: "unfollow"; readonly from: Process; readonly topic: string }
  /** A piece of a part: what it says replaces what was said before. */
  | {
      readonly kind: "part";
      readonly from: Process;
      readonly topic: string;
      readonly stream: number;
      readonly number: number;
      readonly entries: readonly Entry[];
      /** With this one everything was said, for now. */
      readonly isWhole: boolean;
    };

/** A letter of one kind. */
export type LetterOf<K extends Letter["kind"]> = Extract<Letter, { readonly kind: K }>;

/** Writes a letter. */
export function writeLetter(letter: Letter): Uint8Array {
  return Buffer.from(JSON.stringify(letter));
}

/** Reads a letter; undefined for what nobody of ours writes. */
export function readLetter(body: Uint8Array): Letter | undefined {
  let letter: unknown;
  try {
    const { buffer, byteOffset, length } = body;
    letter = JSON.parse(Buffer.from(buffer, byteOffset, length).toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof letter !== "object" || letter === null) return undefined;
  const fields = letter as Record<string, unknown>;
  const { kind } = fields;
  const shape = typeof kind === "string" ? shapes.get(kind) : undefined;
  if (shape === undefined) return undefined;
  for (const [name, fits] of shape) if (!fits(fields[name])) return undefined;
  return letter as Letter;
}

type Fits = (value: unknown) => boolean;

const isText: Fits = (value) => typeof value === "string";
const isTruth: Fits = (value) => typeof value === "boolean";
const isCount: Fits = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isProcess: Fits = (value) => typeof value === "string" && /^[\w-]{16}$/.test(value);
const isObject: Fits = (value) => typeof value === "object" && value !== null;
const isData: Fits = (value) =>
  isText(value) || (Array.isArray(value) && value.length === 1 && isText(value[0]));
const isEntry: Fits = (value) => Array.isArray(value) && isText(value[0]);
const isListOf =
  (fits: Fits): Fits =>
  (value) =>
    Array.isArray(value) && value.every(fits);

const shapes = new Map<string, readonly (readonly [name: string, fits: Fits])[]>([
  ["hello", [["from", isProcess]]],
  ["knock", [["from", isProcess]]],
  [
    "here",
    [
      ["from", isProcess],
      ["known", isListOf(isProcess)],
      ["isSettled", isTruth],
      ["asks", isTruth],
    ],
  ],
  ["beat", [["from", isProcess]]],
  ["bye", [["from", isProcess]]],
  [
    "ask",
    [
      ["from", isProcess],
      ["request", isCount],
      ["question", isText],
      ["about", isObject],
    ],
  ],
  [
    "answer",
    [
      ["from", isProcess],
      ["request", isCount],
    ],
  ],
  [
    "direct",
    [
      ["to", (value) => isCount(value) || isText(value)],
      ["data", isData],
    ],
  ],
  [
    "follow",
    [
      ["from", isProcess],
      ["topic", isText],
      ["stream", isCount],
      ["number", isCount],
    ],
  ],
  [
    "unfollow",
    [
      ["from", isProcess],
      ["topic", isText],
    ],
  ],
  [
    "part",
    [
      ["from", isProcess],
      ["topic", isText],
      ["stream", isCount],
      ["number", isCount],
      ["entries", isListOf(isEntry)],
      ["isWhole", isTruth],
    ],
  ],
]);
