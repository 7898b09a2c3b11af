/**
 * The page that shows a connection as it is. A browser shows a page no octets, so the server copies those
 * of this page's second connection and sends the copies over the first one.
 */
import { AcceptSteps } from "./accept-steps.js";
import { frameCard, kindOf } from "./frame-card.js";
import { OctetStream } from "./octet-stream.js";
import { randomId } from "./random-id.js";
import { showStatus } from "./status.js";
import { word, write } from "./words.js";

/** How many frames stay on the page. */
const kept = 60;

/** How long the first octets may take before the page says that there will be none, in milliseconds. */
const patience = 3000;

const element = (id) => document.getElementById(id);
const frames = element("frames");
let watching;
let watched;

// On a phone the frames are what one wants to see while one types.
element("handshake").open = matchMedia("(min-width: 60rem)").matches;
start();

/** First the connection that watches, then the one that is watched: nothing is missed. */
function start() {
  const tap = randomId();
  const steps = new AcceptSteps();
  const streams = [
    new OctetStream({
      head: (lines) => showRequest(lines, steps),
      frame: (f) => show(f, "client"),
    }),
    new OctetStream({
      head: (lines) => showResponse(lines, steps),
      frame: (f) => show(f, "server"),
    }),
  ];
  watching = new WebSocket(url(`/wire/watch/?tap=${tap}`));
  watching.binaryType = "arraybuffer";
  watching.onopen = () => talk(tap);
  watching.onmessage = ({ data }) => {
    element("blind").hidden = true;
    const view = new DataView(data);
    streams[view.getUint8(0)].push(view.getFloat64(1), new Uint8Array(data, 9));
  };
  watching.onclose = ended;
}

function talk(tap) {
  watched = new WebSocket(url(`/wire/?tap=${tap}`));
  watched.onopen = () => {
    showStatus("open");
    write(element("close"), "wire.close");
    setTimeout(() => {
      if (element("request").childElementCount === 0) element("blind").hidden = false;
    }, patience);
  };
  watched.onclose = ended;
}

function ended() {
  showStatus("closed");
  write(element("close"), "wire.connect");
}

function showRequest(lines, steps) {
  showHead(element("request"), lines, "sec-websocket-key", (key) => void steps.showKey(key));
}

function showResponse(lines, steps) {
  showHead(element("response"), lines, "sec-websocket-accept", (key) => steps.showAccept(key));
}

/** Shows the lines of a handshake, marks one of them, and hands its value on. */
function showHead(list, lines, marked, found) {
  const entries = lines.map((line) => {
    const entry = document.createElement("li");
    const [name, value] = line.split(/: */, 2);
    // What a browser keeps a visitor by is nobody's business, not even on a screen.
    entry.textContent = /^(cookie|authorization)$/i.test(name) ? `${name}: …` : line;
    if (name.toLowerCase() === marked) {
      entry.className = "marked";
      found(value);
    }
    return entry;
  });
  list.replaceChildren(...entries);
}

/** The newest first. Of each side the newest is open, unless somebody has opened or closed one. */
function show(parts, from) {
  const before = frames.querySelector(`:scope > .${from} > details`);
  if (before !== null && before.dataset.kept === undefined) before.open = false;
  const card = frameCard(parts, from);
  card.firstElementChild.open = true;
  card.querySelector("summary").addEventListener("click", () => {
    card.firstElementChild.dataset.kept = "";
  });
  frames.prepend(card);
  if (frames.childElementCount > kept) frames.lastElementChild.remove();
  // What one types oneself need not be read aloud twice.
  if (parts.opcode >= 8) {
    const values = { kind: word(kindOf(parts)), from: word(`wire.from.${from}`) };
    write(element("news"), "wire.news", values);
  }
}

element("txt").addEventListener("input", () => send(element("txt").value));

for (const button of document.querySelectorAll("[data-size]")) {
  button.addEventListener("click", () =>
    send("sluice ".repeat(30_000).slice(0, button.dataset.size)),
  );
}

function send(text) {
  if (watched?.readyState === WebSocket.OPEN) watched.send(text);
}

element("form").addEventListener("submit", (event) => event.preventDefault());

element("close").addEventListener("click", () => {
  if (watched?.readyState === WebSocket.OPEN) {
    watched.close(1000, "seen enough");
  } else {
    if (watching.readyState === WebSocket.OPEN) {
      watching.onclose = null;
      watching.close();
    }
    frames.replaceChildren();
    start();
  }
});

function url(path) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return url;
}
