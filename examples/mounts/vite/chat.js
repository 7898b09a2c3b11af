const form = document.querySelector("form");
const log = document.querySelector("pre");
const socket = new WebSocket(`ws://${location.host}/chat/`);

socket.onopen = () => form.text.removeAttribute("disabled");
socket.onmessage = ({ data }) => log.append(`${data}\n`);
form.onsubmit = (event) => {
  event.preventDefault();
  socket.send(form.text.value);
  form.reset();
};

// An edit of this file puts a new one in its place; the old one's socket must not stay beside it.
import.meta.hot?.accept();
import.meta.hot?.dispose(() => socket.close());
