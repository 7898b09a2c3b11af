/** The page that follows one deployment, the one that its own address names. */
import { append, clear } from "./log.js";
import { ReconnectingSocket } from "./reconnecting-socket.js";
import { showStatus } from "./status.js";

const task = location.pathname.split("/").at(-2);
document.getElementById("task").textContent = task;
document.getElementById("next").href = `/deploy/online/${BigInt(task) + 1n}/`;

new ReconnectingSocket(() => location.pathname, {
  opened() {
    // Every connection is told the lines so far.
    clear();
    showStatus("open");
  },
  received: (text) => append(text),
  lost: () => showStatus("lost"),
});
