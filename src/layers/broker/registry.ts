import type { MemberPage, PresenceCount, PresencePage, Present } from "../channel-layer.ts";
import type { Codec } from "../codec.ts";
import type { AskedPage } from "../page.ts";
import { readInfo } from "../written-presence.ts";
import type { BrokerLink } from "./broker-link.ts";
import type { Census } from "./census.ts";
import type {
  LetterOf,
  PageQuestion,
  Process,
  QuestionKind,
  Questions as Kinds,
  WrittenPage,
} from "./letters.ts";
import type { Questions } from "./questions.ts";
import type { Residents } from "./residents.ts";

/** What a {@link Registry} needs to know. */
export interface RegistryOptions {
  readonly self: Process;
  readonly link: BrokerLink;
  readonly census: Census;
  readonly questions: Questions;
  readonly residents: Residents;
  readonly codec: Codec;
  /** How this process answers what is asked about fixed names. */
  readonly names: {
    answer(name: string): Kinds["name"]["answer"];
    keep(name: string, data: Kinds["keep"]["ask"]["data"]): Promise<Kinds["keep"]["answer"]>;
  };
}

/**
 * Who is in which group, in all processes: each knows its own members, and all of them are asked.
 *
 * Pages are merged by names. Where one process has more than it told, nothing behind that is listed:
 * so each name is on exactly one page, wherever its channel is.
 */
export class Registry {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** How many members a group has. */
  async count(group: string): Promise<number> {
    const counts = await this.#all("count", { group });
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** The names of its members, a page at a time. */
  async members(group: string, page: AskedPage): Promise<MemberPage> {
    const pages = await this.#all("members", questionFor(group, page));
    const { keys, next } = merge(pages, (name) => name, page.limit);
    const channels = [...keys.keys()];
    return next === undefined ? { channels } : { channels, next };
  }

  /** Whether a channel of a name is in a group. `home` is the process that made the name. */
  async has(group: string, channel: string, home: Process | undefined): Promise<boolean> {
    const { self, census, questions, residents } = this.#options;
    if (home === self) return residents.has(group, channel);
    const answers = await (home === undefined
      ? this.#all("isMember", { group, channel })
      : census
          .settle()
          .then(() => questions.ask([home], "isMember", { group, channel }))
          .then((given) => given.map(({ answer }) => answer)));
    return answers.includes(true);
  }

  /** Who is shown in a group, a page at a time. */
  async presence(group: string, page: AskedPage): Promise<PresencePage> {
    const pages = await this.#all("presence", questionFor(group, page));
    const { keys, next } = merge(pages, ({ key }) => key, page.limit);
    const present = [...keys].map(([key, parts]): Present => {
      const channels = parts.reduce((sum, part) => sum + part.channels, 0);
      const infos = parts.flatMap((part) => part.infos).slice(-mostInfos);
      return { key, channels, infos: infos.map((info) => readInfo(info, this.#options.codec)) };
    });
    return next === undefined ? { present } : { present, next };
  }

  /** How many keys and members are shown in a group. */
  async presenceCount(group: string): Promise<PresenceCount> {
    let [keys, channels] = [0, 0];
    let after: string | undefined;
    do {
      const page = { after, limit: largestPage };
      const pages = await this.#all("keys", questionFor(group, page));
      const merged = merge(pages, ([key]) => key, largestPage);
      keys += merged.keys.size;
      for (const parts of merged.keys.values()) for (const [, count] of parts) channels += count;
      after = merged.next;
    } while (after !== undefined);
    return { keys, channels };
  }

  /** Another process asks. What is not understood is counted, and not answered. */
  async answer({ from, request, question, about }: LetterOf<"ask">): Promise<void> {
    const { self, link } = this.#options;
    try {
      const answer = await this.#answerTo(question, about);
      link.post(from, { kind: "answer", from: self, request, answer });
    } catch {
      link.ignore("malformed", "process");
    }
  }

  /** The answers of all, this process first. */
  async #all<K extends "count" | "members" | "isMember" | "presence" | "keys">(
    question: K,
    about: Kinds[K]["ask"],
  ): Promise<Kinds[K]["answer"][]> {
    const { census, questions } = this.#options;
    await census.settle();
    const others = await questions.ask([...census.others], question, about);
    const own = (await this.#answerTo(question, about)) as Kinds[K]["answer"];
    return [own, ...others.map(({ answer }) => answer)];
  }

  #answerTo(question: QuestionKind, about: unknown): unknown {
    const { residents, names, link } = this.#options;
    const most = link.largestPart;
    switch (question) {
      case "count":
        return residents.count((about as Kinds["count"]["ask"]).group);
      case "members":
        return residents.members(about as PageQuestion, most);
      case "isMember": {
        const { group, channel } = about as Kinds["isMember"]["ask"];
        return residents.has(group, channel);
      }
      case "presence":
        return residents.presence(about as PageQuestion, most);
      case "keys":
        return residents.keys(about as PageQuestion, most);
      case "name":
        return names.answer((about as Kinds["name"]["ask"]).name);
      case "keep": {
        const { name, data } = about as Kinds["keep"]["ask"];
        return names.keep(name, data);
      }
    }
  }
}

/** Of one user with a thousand connections, only so much is told. */
const mostInfos = 16;

const largestPage = 1_000;

function questionFor(group: string, { after, limit }: AskedPage): PageQuestion {
  return after === undefined ? { group, limit } : { group, after, limit };
}

/** The items of several sorted pages under their keys, as far as all of them are known. */
function merge<T>(
  pages: readonly WrittenPage<T>[],
  keyOf: (item: T) => string,
  limit: number,
): { readonly keys: ReadonlyMap<string, T[]>; readonly next: string | undefined } {
  let horizon: string | undefined;
  const byKey = new Map<string, T[]>();
  for (const { items, more } of pages) {
    const last = items.at(-1);
    if (more && last !== undefined) {
      const end = keyOf(last);
      if (horizon === undefined || end < horizon) horizon = end;
    }
    for (const item of items) {
      const key = keyOf(item);
      const others = byKey.get(key);
      if (others === undefined) byKey.set(key, [item]);
      else others.push(item);
    }
  }
  const sorted = [...byKey.keys()].sort();
  const known = sorted.filter((key) => horizon === undefined || key <= horizon);
  const page = known.slice(0, limit);
  const isLast = horizon === undefined && known.length <= limit;
  return {
    keys: new Map(page.map((key) => [key, byKey.get(key)!])),
    next: isLast ? undefined : page.at(-1),
  };
}
