/**
 * The page that misses nothing, with nothing but WebSocket: it remembers the position of the last
 * message that it showed, and asks for what came after it; what it says has an id, and is said again
 * until it is heard.
 */
import { append } from "./log.js";
import { Notebook } from "./notebook.js";
import { ReconnectingSocket } from "./reconnecting-socket.js";
import { showStatus } from "./status.js";

const input = document.getElementById("txt");
const notebook = new Notebook("resume");

for (const { text, kind } of notebook.shown) append(text, kind);
for (const { id, text } of notebook.unheard) append(text, "waiting", id);

const socket = new ReconnectingSocket(() => `/resume/${notebook.query}`, {
  opened() {
    showStatus("open");
    for (const said of notebook.unheard) socket.send(JSON.stringify(said));
  },
  received(data) {
    const { position, message, missed } = JSON.parse(data);
    if (message !== undefined) hear(message, position);
    else if (missed)
      show("—— 这里可能缺了消息 · Messages may be missing here ——", "missed", position);
    else notebook.moveTo(position);
  },
  lost: () => showStatus("lost"),
});

function hear({ id, text }, position) {
  const mine = notebook.heard(id);
  document.getElementById(id)?.remove();
  // A server that lost its memory does not know what it has said before; the page does.
  if (notebook.knows(id)) notebook.moveTo(position);
  else show(text, mine ? "sent" : "received", position, id);
}

/** On the page first, then in the notebook: what it holds has been seen. */
function show(text, kind, position, id) {
  append(text, kind);
  notebook.show({ text, kind, id }, position);
}

document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value;
  if (text === "") return;
  const said = { id: crypto.randomUUID(), text };
  notebook.say(said);
  append(text, "waiting", said.id);
  socket.send(JSON.stringify(said));
  input.value = "";
});
