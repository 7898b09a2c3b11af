import { clockTime } from "./clock-time.js";
import { write, written } from "./words.js";

/** How many entries stay on the page. */
const kept = 500;

/**
 * What is said in one room or between two people: a log, and a link to it with the number of messages
 * that nobody has looked at yet.
 */
export class Conversation {
  path;
  /** What its title is made of: a word and the values in it. */
  title;
  log = document.createElement("div");
  link = document.createElement("li");
  unread = 0;
  #anchor = document.createElement("a");
  #badge = document.createElement("span");
  #list = document.createElement("ol");
  #waiting = new Map();
  #lookedAt = false;
  #latest;
  #onUnread;

  constructor(path, title, onUnread) {
    this.path = path;
    this.#onUnread = onUnread;
    this.log.className = "log";
    this.log.role = "log";
    this.log.tabIndex = 0;
    this.log.hidden = true;
    this.log.setAttribute("aria-labelledby", "title");
    const empty = written("p", "talk.empty");
    empty.className = "empty";
    this.log.append(this.#list, empty);
    this.#anchor.href = path;
    this.#badge.className = "badge";
    this.link.append(this.#anchor);
    this.call(title);
  }

  /** Gives it a title: `{ key, values }`, or a `name` that is in no language. */
  call(title) {
    this.title = title;
    const label = document.createElement("span");
    label.dir = "auto";
    if (title.key === undefined) label.textContent = title.name;
    else write(label, title.key);
    this.#anchor.replaceChildren(label, this.#badge);
  }

  /** Whether somebody looks at it: then nothing in it is unread. */
  set lookedAt(lookedAt) {
    if (lookedAt) this.#setUnread(0);
    // What was new when somebody came is not when they come back.
    else this.#list.querySelector(".new")?.remove();
    this.#lookedAt = lookedAt;
  }

  set current(isCurrent) {
    this.log.hidden = !isCurrent;
    this.#anchor.ariaCurrent = isCurrent ? "page" : null;
  }

  /** Shows a message; `isOld` if it was on the page before. */
  show({ name, from, text, at, mine }, isOld) {
    if (!mine && !isOld && !this.#lookedAt) this.#countUnread();
    // What was said before this page came is there to be read, not to be read aloud.
    this.log.ariaLive = isOld ? "off" : "polite";
    const entry = document.createElement("li");
    entry.className = mine ? "message sent" : "message";
    const isNext = this.#latest === from;
    entry.append(byline({ name, at, mine, isNext }), paragraph(text));
    this.#append(entry);
    this.#latest = from;
  }

  miss() {
    this.note("talk.missed").classList.add("missed");
  }

  /** Says what happened, and is no message. */
  note(key, values) {
    const entry = written("li", key, values);
    entry.className = "note";
    this.#append(entry);
    this.#latest = undefined;
    return entry;
  }

  /** Shows a message that was not sent yet. */
  wait({ id, text }) {
    const entry = document.createElement("li");
    entry.className = "message waiting";
    entry.append(paragraph(text), written("small", "talk.waiting"));
    this.#waiting.set(id, entry);
    this.#list.append(entry);
  }

  heard(id) {
    this.#waiting.get(id)?.remove();
    this.#waiting.delete(id);
  }

  #countUnread() {
    if (this.unread === 0) this.note("rooms.from-here").classList.add("new");
    this.#setUnread(this.unread + 1);
  }

  #setUnread(count) {
    if (count === this.unread) return;
    this.unread = count;
    if (count === 0) this.#badge.replaceChildren();
    else this.#badge.replaceChildren(" ", written("span", "rooms.unread", { count }));
    this.#onUnread();
  }

  /** What waits stays at the end. */
  #append(entry) {
    const [first] = this.#waiting.values();
    if (first === undefined) this.#list.append(entry);
    else first.before(entry);
    if (this.#list.childElementCount > kept) this.#list.firstElementChild.remove();
  }
}

function byline({ name, at, mine, isNext }) {
  const line = document.createElement("p");
  line.className = isNext ? "by again" : "by";
  const speaker = mine ? written("span", "rooms.mine") : document.createElement("span");
  if (!mine) speaker.textContent = name;
  speaker.dir = "auto";
  line.append(speaker, " ", clockTime(at));
  return line;
}

function paragraph(text) {
  const element = document.createElement("p");
  element.className = "text";
  element.dir = "auto";
  element.textContent = text;
  return element;
}
