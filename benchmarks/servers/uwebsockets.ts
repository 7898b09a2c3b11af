/** The applications as one writes them with uWebSockets.js. */
import { createRequire } from "node:module";
import process from "node:process";
import { announce, app } from "./announce.ts";

/** What is used of uWebSockets.js: it is not installed with the project. */
interface Peer {
  send(data: ArrayBuffer, binary: boolean, compress: boolean): unknown;
  subscribe(topic: string): unknown;
}
interface Server {
  ws(pattern: string, behavior: object): Server;
  publish(topic: string, data: ArrayBuffer, binary: boolean, compress: boolean): unknown;
  listen(host: string, port: number, done: (socket: unknown) => void): Server;
}
interface UWebSockets {
  App(): Server;
  us_socket_local_port(socket: unknown): number;
  readonly SHARED_COMPRESSOR: number;
  readonly DISABLED: number;
}

const uws = createRequire(import.meta.url)(process.env.UWS ?? "") as UWebSockets;
const server = uws.App();
server.ws("/*", {
  compression: app.compression ? uws.SHARED_COMPRESSOR : uws.DISABLED,
  maxPayloadLength: app.largest,
  maxBackpressure: 64 * 1024 * 1024,
  open(peer: Peer) {
    if (app.kind === "broadcast") peer.subscribe("all");
  },
  message(peer: Peer, data: ArrayBuffer, binary: boolean) {
    if (app.kind === "echo") peer.send(data, binary, app.compression);
    else server.publish("all", data, binary, app.compression);
  },
});
server.listen("127.0.0.1", 0, (socket) => announce(uws.us_socket_local_port(socket)));
