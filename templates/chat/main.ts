import { serve } from "sluice";
import { chat } from "./chat.ts";

const page = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Chat</title>
  <form><input autofocus autocomplete="off" aria-label="Say something"> <button>Say it</button></form>
  <ol aria-live="polite"></ol>
  <script>
    const socket = new WebSocket(location.href.replace("http", "ws") + "chat/");
    const [form] = document.forms;
    form.onsubmit = () => {
      socket.send(form[0].value);
      form.reset();
      return false;
    };
    socket.onmessage = ({ data }) => {
      document.querySelector("ol").append(Object.assign(document.createElement("li"), { textContent: data }));
    };
  </script>
</html>
`;

/** Closed by `sluice serve` when it is told to stop: connections and handlers have their time. */
export const server = await serve({
  websocket: chat,
  port: Number(process.env.PORT ?? 8000),
  http(_request, response) {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(page);
  },
});
