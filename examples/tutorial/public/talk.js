/** The pages where one says something: chat, echo and hello. */
import { Draft } from "./draft.js";
import { append } from "./log.js";
import { ReconnectingSocket } from "./reconnecting-socket.js";
import { showStatus } from "./status.js";

const { page } = document.querySelector("main").dataset;
const path = page === "chat" ? "/x1/" : `/${page}/`;
const button = document.getElementById("btn");
const draft = new Draft(document.getElementById("txt"), () => path);

const socket = new ReconnectingSocket(() => path, {
  opened() {
    button.disabled = false;
    showStatus("open");
  },
  received: (text) => append(text),
  lost() {
    button.disabled = true;
    showStatus("lost");
  },
});
button.disabled = true;

document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  // Without a connection the words stay where they are.
  if (draft.value === "" || !socket.send(draft.value)) return;
  // What is said in the chat comes back; elsewhere only the answer does.
  if (page !== "chat") append(draft.value, "sent");
  draft.clear();
});
