/** The room of which a page misses nothing: no names, only what was said. */
import { Draft } from "./draft.js";
import { Feed } from "./feed.js";
import { append } from "./log.js";
import { randomId } from "./random-id.js";
import { showStatus } from "./status.js";
import { write } from "./words.js";

const draft = new Draft(document.getElementById("txt"), () => "/resume/");
const waiting = new Map();

const feed = new Feed("/resume/", {
  state: showStatus,
  show: ({ text, mine }) => append(text, mine ? "sent" : "received"),
  miss: () => write(append("", "missed"), "talk.missed"),
  wait: ({ id, text }) => waiting.set(id, append(text, "waiting")),
  heard(id) {
    waiting.get(id)?.remove();
    waiting.delete(id);
  },
});

document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (draft.value === "") return;
  feed.say({ id: randomId(), text: draft.value });
  draft.clear();
});
