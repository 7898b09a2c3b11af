import type { Client } from "./client.ts";
import type { Tutorial } from "./tutorial.ts";

/** What a room or a letterbox tells a page. */
export interface Frame {
  readonly position?: string;
  readonly newest?: string;
  readonly missed?: boolean;
  readonly taken?: string;
  readonly away?: boolean;
  readonly you?: string;
  readonly count?: number;
  readonly here?: readonly Person[];
  readonly changed?: { readonly joined: readonly Person[]; readonly left: readonly Person[] };
  readonly message?: Readonly<Record<string, unknown>>;
}

/** How presence shows somebody. */
interface Person {
  readonly key: string;
  readonly infos: readonly { readonly name: string }[];
}

/** A visitor of the rooms, who speaks as the page does. */
export class Visitor {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Connects with a secret of 22 characters, which is made of a letter. */
  static async open(tutorial: Tutorial, path: string, letter: string): Promise<Visitor> {
    return new Visitor(await tutorial.open(path, subprotocols(letter.repeat(22))));
  }

  say(frame: object): void {
    this.#client.send(JSON.stringify(frame));
  }

  /** Takes frames up to the first one that has a field, and gives that one. */
  async next(field: keyof Frame): Promise<Frame> {
    for (let skipped = 0; skipped < 100; skipped += 1) {
      const [text = ""] = await this.#client.texts(1);
      const frame = JSON.parse(text) as Frame;
      if (frame[field] !== undefined) return frame;
    }
    throw new Error(`no frame with ${field} among 100`);
  }

  closed(): Promise<number> {
    return this.#client.closed();
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** What a page offers when it connects. */
export function subprotocols(secret: string): string[] {
  return ["talk", `bearer.${secret}`];
}
