/**
 * Loaded into an example before it starts: puts a WebSocket server of somebody else on every HTTP
 * server that listens. It echoes at `/neighbour/`, and leaves all other paths alone.
 */
import { Server } from "node:http";
import { WebSocketServer } from "ws";

const { listen } = Server.prototype;

Server.prototype.listen = function (...where) {
  const neighbour = new WebSocketServer({ noServer: true });
  this.on("upgrade", (request, socket, head) => {
    if (request.url !== "/neighbour/") return;
    neighbour.handleUpgrade(request, socket, head, (client) => {
      client.on("message", (data, binary) => client.send(data, { binary }));
    });
  });
  return listen.apply(this, where);
};
