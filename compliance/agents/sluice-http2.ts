import process from "node:process";
import { serve } from "sluice";

const server = await serve({
  port: 0,
  host: "127.0.0.1",
  limits: { maxMessageSize: 16 * 1024 * 1024 },
  compression: true,
  http2: true,
  websocket: (_scope, socket) => ({
    text: (message) => socket.send(message),
    bytes: (message) => socket.send(message),
  }),
});
process.stdout.write(`${server.webSocketUrl}\n`);
