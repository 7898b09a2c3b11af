/** How long somebody who went may take to come back before it is told, in milliseconds: a reload. */
const patience = 2000;

/** The same for those whose server went away, as ours did. */
const longPatience = 10_000;

/**
 * Who is in a room. `on.came(person)`, `on.left(person)` and `on.renamed(person, before)` tell what
 * happens there, `on.changed()` that the list is another one. A person is `{ id, name }`.
 */
export class People {
  #on;
  #here = new Map();
  /** Those who went a moment ago, and may be back in another one. */
  #missing = new Map();
  #isKnown = false;
  count = 0;

  constructor(on) {
    this.#on = on;
  }

  [Symbol.iterator]() {
    return this.#here.values();
  }

  /** Takes the whole list: the first one is no news, a later one is compared. */
  list(here, count) {
    const people = here.map(personOf);
    const before = this.#here;
    this.#here = new Map(people.map((person) => [person.id, person]));
    if (this.#isKnown) {
      for (const person of people) if (!before.has(person.id)) this.#came(person);
      for (const person of before.values()) {
        if (!this.#here.has(person.id)) this.#miss(person, longPatience);
      }
    }
    this.#isKnown = true;
    this.#finish(count);
  }

  /** Takes what has changed. What the list had already is no news. */
  change({ joined, updated, left }, count) {
    for (const person of [...joined, ...updated].map(personOf)) {
      const before = this.#here.get(person.id);
      this.#here.set(person.id, person);
      if (before === undefined) this.#came(person);
      else if (before.name !== person.name) this.#on.renamed(person, before);
    }
    for (const person of left.map(personOf)) {
      if (this.#here.delete(person.id)) this.#miss(person, patience);
    }
    this.#finish(count);
  }

  /** Forgets everybody: this page does not look any more. */
  forget() {
    this.#here.clear();
    this.#missing.clear();
    this.#isKnown = false;
    this.#finish(0);
  }

  #came(person) {
    if (!this.#missing.delete(person.id)) this.#on.came(person);
  }

  #miss(person, patience) {
    this.#missing.set(person.id, person);
    setTimeout(() => {
      if (this.#missing.delete(person.id)) this.#on.left(person);
    }, patience);
  }

  #finish(count) {
    this.count = count;
    this.#on.changed();
  }
}

/** What the layer's presence says of somebody, who may have several windows: the latest name counts. */
function personOf({ key, infos }) {
  return { id: key, name: String(infos.at(-1)?.name ?? "?") };
}
