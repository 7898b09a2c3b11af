import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import { type Application, type ServeOptions, type Server, serve, silentLogger } from "sluice";

/** Says back what it is told. */
export const echo: Application = (_scope, socket) => ({
  text: (message) => socket.send(message),
  bytes: (message) => socket.send(message),
});

/** Serves at a free port until the test is over: an echo, if nothing else is said. */
export async function start(options: Partial<ServeOptions> = {}): Promise<Server> {
  const server = await serve({ websocket: echo, port: 0, log: silentLogger, ...options });
  onTestFinished(() => server.close({ timeout: 0 }));
  return server;
}

/** Lets a server of node:http listen until the test is over. Returns its port. */
export async function listen(server: HttpServer, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}
