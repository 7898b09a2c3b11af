/** Something that happens at a time: to whom, and what. */
export interface Event<Who> {
  readonly time: number;
  readonly who: Who;
  readonly what: number;
}

/** What is still to happen, the earliest first; of the same time, what was added first. */
export class EventQueue<Who> {
  /** A binary heap. */
  readonly #heap: Entry<Who>[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(time: number, who: Who, what: number): void {
    this.#added += 1;
    const entry: Entry<Who> = { time, who, what, turn: this.#added };
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (isBefore(heap[parent] as Entry<Who>, entry)) break;
      heap[place] = heap[parent] as Entry<Who>;
      place = parent;
    }
    heap[place] = entry;
  }

  /** The next one; undefined when nothing is left. */
  take(): Event<Who> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      const other = heap[child + 1];
      if (other !== undefined && isBefore(other, heap[child] as Entry<Who>)) child += 1;
      if (isBefore(last, heap[child] as Entry<Who>)) break;
      heap[place] = heap[child] as Entry<Who>;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

interface Entry<Who> extends Event<Who> {
  readonly turn: number;
}

function isBefore(one: Entry<unknown>, other: Entry<unknown>): boolean {
  return one.time < other.time || (one.time === other.time && one.turn < other.turn);
}
