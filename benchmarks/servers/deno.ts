/** The applications as one writes them with Deno. */
import { announce, app } from "./announce.ts";

/** What is used of Deno: its types are not installed. */
interface Peer {
  binaryType: string;
  onopen: () => void;
  onclose: () => void;
  onmessage: (event: { readonly data: string | ArrayBuffer }) => void;
  send(data: string | ArrayBuffer): void;
}
declare const Deno: {
  serve(options: object, handler: (request: unknown) => unknown): unknown;
  upgradeWebSocket(request: unknown): { readonly socket: Peer; readonly response: unknown };
};

const peers = new Set<Peer>();

Deno.serve(
  {
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }: { readonly port: number }) => announce(port),
  },
  (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => void peers.add(socket);
    socket.onclose = () => void peers.delete(socket);
    socket.onmessage = ({ data }) => {
      if (app.kind === "echo") socket.send(data);
      else for (const peer of peers) peer.send(data);
    };
    return response;
  },
);
