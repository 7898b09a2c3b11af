/** The applications as one writes them with crossws. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import type { Duplex } from "node:stream";
import { pathToFileURL } from "node:url";
import { announce, app } from "./announce.ts";

/** What is used of crossws: it is not installed with the project. */
interface Peer {
  send(data: string | Uint8Array): unknown;
  publish(topic: string, data: string | Uint8Array): unknown;
  subscribe(topic: string): void;
}
interface Message {
  readonly rawData: unknown;
  text(): string;
  uint8Array(): Uint8Array;
}
interface Hooks {
  open(peer: Peer): void;
  message(peer: Peer, message: Message): void;
}
interface Crossws {
  readonly default: (options: { readonly hooks: Hooks }) => {
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): unknown;
  };
}

const { default: adapter } = (await import(
  pathToFileURL(process.env.CROSSWS ?? "").href
)) as Crossws;

const sockets = adapter({
  hooks: {
    open(peer) {
      if (app.kind === "broadcast") peer.subscribe("all");
    },
    message(peer, message) {
      const data = typeof message.rawData === "string" ? message.text() : message.uint8Array();
      peer.send(data);
      // To all others.
      if (app.kind === "broadcast") peer.publish("all", data);
    },
  },
});
const server = createServer();
server.on("upgrade", (request, socket, head) => void sockets.handleUpgrade(request, socket, head));
server.listen(0, "127.0.0.1", 1_024, () => announce((server.address() as AddressInfo).port));
