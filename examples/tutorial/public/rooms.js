/** The page of rooms and letters. Its address says which one is on the screen. */
import { Draft } from "./draft.js";
import { Letters } from "./letters.js";
import { Room } from "./room.js";
import { showStatus } from "./status.js";
import { rename, visitor } from "./visitor.js";
import { word, write } from "./words.js";

const place = (id) => document.getElementById(id);
const input = place("txt");
const isWide = matchMedia("(min-width: 60rem)");
const rooms = new Map();
const on = { state: showState, people: showPeople, unread: showTitle, began };

/** What is on the screen: a room, or `{ conversation, to }` for letters to somebody. */
let current;

/** The room that this visitor is seen in: the one on the screen, or the last one that was. */
let seenIn;

const letters = new Letters(on);
for (const name of ["lobby", "kitchen", "workshop", ...remembered()]) follow(name);
const draft = new Draft(input, () => location.pathname);
open(location.pathname);
place("here").open = isWide.matches;
place("name").value = visitor.name;

/** Shows what an address names. */
function open(path) {
  const [, kind, name = ""] = path.split("/").map(decodeURIComponent);
  const room = kind === "letters" ? undefined : follow(name || "lobby");
  const next = room ?? { conversation: letters.with(name, nameOf(name)), to: name };
  if (current?.conversation === next.conversation) return;
  if (current !== undefined) {
    current.conversation.current = false;
    current.conversation.lookedAt = false;
  }
  current = next;
  current.conversation.current = true;
  place("logs").append(current.conversation.log);
  look();
  if (room !== undefined && room !== seenIn) {
    seenIn?.leave();
    seenIn = room;
    room.enter();
  }
  draft.show();
  showState();
  showPeople();
  showTitle();
}

function follow(name) {
  let room = rooms.get(name);
  if (room === undefined) {
    room = new Room(name, on);
    rooms.set(name, room);
    place("rooms").append(room.conversation.link);
    sessionStorage.setItem("rooms", JSON.stringify([...rooms.keys()]));
  }
  return room;
}

function remembered() {
  return JSON.parse(sessionStorage.getItem("rooms")) ?? [];
}

function began(conversation) {
  place("letters-title").hidden = false;
  place("letters").append(conversation.link);
}

function nameOf(id) {
  for (const room of rooms.values()) {
    for (const person of room.people) if (person.id === id) return person.name;
  }
  return undefined;
}

/** Somebody looks at a conversation that is on the screen of a page that is. */
function look() {
  current.conversation.lookedAt = document.visibilityState === "visible";
}

function showState() {
  if (current !== undefined) showStatus((current.to === undefined ? current : letters).state);
}

function showTitle() {
  if (current === undefined) return;
  const { key, name = word(key) } = current.conversation.title;
  const title = current.to === undefined ? "room.tab" : "letters.tab";
  const all = [...rooms.values()].map(({ conversation }) => conversation).concat(letters.all);
  const unread = all.reduce((sum, conversation) => sum + conversation.unread, 0);
  document.title = (unread === 0 ? "" : `(${unread}) `) + word(title, { name });
  const heading = place("title");
  if (current.to !== undefined) write(heading, "letters.title", { name });
  else if (key !== undefined) write(heading, key);
  else {
    delete heading.dataset.word;
    heading.textContent = name;
  }
}

function showPeople() {
  place("here").hidden = seenIn === undefined;
  if (seenIn === undefined) return;
  const { people } = seenIn;
  write(place("here-title"), "people.here", { count: people.count });
  const list = place("people");
  const focused = list.contains(document.activeElement) ? document.activeElement.pathname : "";
  list.replaceChildren(...Array.from(people, personEntry));
  // Who comes or goes takes the focus from nobody.
  if (focused !== "") list.querySelector(`[href="${focused}"]`)?.focus();
}

function personEntry({ id, name }) {
  const entry = document.createElement("li");
  entry.dir = "auto";
  if (id === visitor.id) {
    write(entry, "people.you", { name });
  } else {
    const link = document.createElement("a");
    link.href = `/letters/${id}/`;
    link.textContent = name;
    entry.append(link);
  }
  return entry;
}

/** Another address on this page needs no new page. */
function go(path) {
  history.pushState(null, "", path);
  open(path);
  if (!isWide.matches) place("here").open = false;
  // On a phone this would bring up the keyboard.
  if (matchMedia("(pointer: fine)").matches) input.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("main a");
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.pathname);
});
addEventListener("popstate", () => open(location.pathname));
addEventListener("language", () => {
  showTitle();
  showPeople();
});
document.addEventListener("visibilitychange", look);

place("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (draft.value.trim() === "") return;
  if (current.to === undefined) current.say(draft.value);
  else letters.say(current.to, draft.value);
  draft.clear();
});

place("new-room").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = place("new-name")
    .value.toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  if (name === "") return;
  place("new-name").value = "";
  go(`/rooms/${encodeURIComponent(name)}/`);
});

function takeName() {
  const name = place("name").value.trim();
  if (name === "" || name === visitor.name) place("name").value = visitor.name;
  else {
    rename(name);
    seenIn?.enter();
  }
}

place("name-form").addEventListener("submit", (event) => {
  event.preventDefault();
  takeName();
});
place("name").addEventListener("change", takeName);
