import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";

/**
 * Has the new sockets of a server come to `take`, over TLS once they are encrypted. Returns what gives
 * one to whoever would have had it: node:http, or who took them before.
 */
export function takeNewSockets(
  server: HttpServer | HttpsServer,
  take: (socket: Socket) => void,
): (socket: Socket) => void {
  const event = "setSecureContext" in server ? "secureConnection" : "connection";
  const former = server.listeners(event)[0] as (socket: Socket) => void;
  server.off(event, former);
  server.on(event, take);
  return (socket) => former.call(server, socket);
}
