/** The page that follows one deployment, the one that its own address names. */
import { append, cutAfter } from "./log.js";
import { ReconnectingSocket } from "./reconnecting-socket.js";
import { Rollout } from "./rollout.js";
import { showStatus } from "./status.js";
import { write } from "./words.js";

const task = BigInt(location.pathname.split("/").at(-2));
const element = (id) => document.getElementById(id);
const lines = [];
let heard = 0;

write(element("task"), "deploy.title", { task: location.pathname.split("/").at(-2) });
link("next", task + 1n);
if (task === 0n) element("previous").hidden = true;
else link("previous", task - 1n);

new ReconnectingSocket(() => location.pathname, {
  opened() {
    // Every connection is told the lines so far: those that are on the page already stay there.
    heard = 0;
    showStatus("open");
  },
  received(text) {
    if (lines[heard] !== text) {
      // Another run: the server was another one.
      cutAfter(heard);
      lines.splice(heard, lines.length, text);
      append(text);
      show(new Rollout(lines));
    }
    heard += 1;
  },
  lost: () => showStatus("lost"),
});

function show(rollout) {
  const { done, all, servers } = rollout;
  const progress = element("progress");
  progress.max = all;
  progress.value = done;
  const key = done === all ? "deploy.done" : "deploy.step";
  write(element("step"), key, { done, all, servers: servers.length });
  element("servers").replaceChildren(...servers.map(serverEntry));
}

function serverEntry({ name, state }) {
  const entry = document.createElement("li");
  entry.dataset.state = state;
  const word = document.createElement("span");
  write(word, `deploy.server.${state}`);
  entry.append(name, " ", word);
  return entry;
}

function link(id, number) {
  element(id).href = `/deploy/online/${number}/`;
  write(element(id), `deploy.${id}`, { task: String(number) });
}
