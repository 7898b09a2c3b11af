/** The pages where one says something: chat, echo and hello. */
import { append } from "./log.js";
import { ReconnectingSocket } from "./reconnecting-socket.js";
import { showStatus } from "./status.js";

const { socket: path, showSent } = document.querySelector("main").dataset;
const input = document.getElementById("txt");
const button = document.getElementById("btn");

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

document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value;
  // Without a connection the words stay where they are.
  if (text === "" || !socket.send(text)) return;
  if (showSent !== undefined) append(text, "sent");
  input.value = "";
});
