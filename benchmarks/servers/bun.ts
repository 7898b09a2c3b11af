/** The applications as one writes them with Bun. */
import { announce, app } from "./announce.ts";

/** What is used of Bun: its types are not installed. */
interface Peer {
  send(data: string | Buffer, compress: boolean): unknown;
  subscribe(topic: string): void;
}
interface Server {
  readonly port: number;
  upgrade(request: unknown): boolean;
  publish(topic: string, data: string | Buffer, compress: boolean): unknown;
}
declare const Bun: { serve(options: object): Server };

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request: unknown, self: Server) {
    return self.upgrade(request) ? undefined : new Response(null, { status: 426 });
  },
  websocket: {
    perMessageDeflate: app.compression,
    maxPayloadLength: app.largest,
    open(peer: Peer) {
      if (app.kind === "broadcast") peer.subscribe("all");
    },
    message(peer: Peer, data: string | Buffer) {
      if (app.kind === "echo") peer.send(data, app.compression);
      else server.publish("all", data, app.compression);
    },
  },
});
announce(server.port);
