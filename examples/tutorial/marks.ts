/** How many messages back somebody begins who is new. */
const back = 50;

/** Of how many groups that is known. */
const most = 1000;

/**
 * Where those begin who are new to a group: some messages back, as far as this process has heard them.
 * With a position nobody needs a second place where messages are kept.
 */
export class Marks {
  readonly #positions = new Map<string, Set<string>>();

  /** The oldest position that is worth asking for. */
  of(group: string): string | undefined {
    const [oldest] = this.#positions.get(group) ?? [];
    return oldest;
  }

  /** Notes a position of a group; of many notes of one, the first counts. */
  note(group: string, position: string): void {
    const positions = this.#positions.get(group) ?? new Set();
    this.#positions.set(group, positions.add(position));
    if (positions.size > back) removeFirst(positions);
    if (this.#positions.size > most) removeFirst(this.#positions);
  }

  /** Forgets a group, whose history is another one now. */
  forget(group: string): void {
    this.#positions.delete(group);
  }
}

/** Sets and maps keep the order in which they were filled. */
function removeFirst(collection: Set<string> | Map<string, unknown>): void {
  for (const key of collection.keys()) {
    collection.delete(key);
    return;
  }
}
