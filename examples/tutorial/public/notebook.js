/** How many messages a page remembers. */
const kept = 500;

/**
 * What a page remembers over a reload, in the storage of its tab: what it has shown and the position
 * of that, always together, and what it has said that nobody has heard yet.
 */
export class Notebook {
  #name;
  #notes;

  constructor(name) {
    this.#name = name;
    this.#notes = JSON.parse(sessionStorage.getItem(name)) ?? { shown: [], unheard: [] };
  }

  /** Messages, and in their places `{ missed: true }`. */
  get shown() {
    return this.#notes.shown;
  }

  get unheard() {
    return this.#notes.unheard;
  }

  /** Whether this page has been nowhere yet. */
  get isNew() {
    return this.#notes.position === undefined;
  }

  /** What to ask the server for. */
  get query() {
    const { position } = this.#notes;
    return position === undefined ? "" : `?since=${encodeURIComponent(position)}`;
  }

  /** Whether a message was shown before. */
  knows(id) {
    return this.#notes.shown.some((message) => message.id === id);
  }

  /** Notes a message that is on the page now. Without a position it stands where it was heard of. */
  show(message, position = this.#notes.position) {
    this.#notes.shown.push(message);
    this.#notes.shown.splice(0, this.#notes.shown.length - kept);
    this.moveTo(position);
  }

  moveTo(position) {
    this.#notes.position = position;
    this.#write();
  }

  say(said) {
    this.#notes.unheard.push(said);
    this.#write();
  }

  /** Forgets what was said, now that it was heard. Returns it, if this page had said it. */
  heard(id) {
    const at = this.#notes.unheard.findIndex((said) => said.id === id);
    return at < 0 ? undefined : this.#notes.unheard.splice(at, 1)[0];
  }

  /** Where the browser has no room left, the older half gives way: what was not sent yet never does. */
  #write() {
    try {
      sessionStorage.setItem(this.#name, JSON.stringify(this.#notes));
    } catch (error) {
      if (error.name !== "QuotaExceededError" || this.#notes.shown.length === 0) throw error;
      this.#notes.shown.splice(0, Math.ceil(this.#notes.shown.length / 2));
      this.#write();
    }
  }
}
