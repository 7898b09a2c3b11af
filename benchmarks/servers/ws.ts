/** The applications as one writes them with ws. */
import type { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import process from "node:process";
import type * as WebSocketModule from "ws";
import { announce, app } from "./announce.ts";

// From where it is said, since another copy of it may find bufferutil beside it.
const { WebSocketServer } = createRequire(process.env.WS_FROM ?? import.meta.url)(
  "ws",
) as typeof WebSocketModule;

type Peer = WebSocketModule.WebSocket;

const groups = new Map<string, Set<Peer>>();

const server = new WebSocketServer({
  port: 0,
  host: "127.0.0.1",
  backlog: 1_024,
  perMessageDeflate: app.compression,
});
server.on("connection", (peer, request) => {
  peer.on("error", () => {});
  if (app.kind === "echo") echo(peer);
  else if (app.kind === "broadcast") broadcast(peer);
  else if (app.kind === "json") json(peer);
  else share(peer, request);
});
server.on("listening", () => announce((server.address() as AddressInfo).port));

function echo(peer: Peer): void {
  peer.on("message", (data: Buffer, binary) => peer.send(data, { binary }));
}

function broadcast(peer: Peer): void {
  const members = join(peer, "all");
  peer.on("message", (data: Buffer, binary) => {
    for (const member of members) member.send(data, { binary });
  });
}

function json(peer: Peer): void {
  const members = join(peer, "all");
  peer.on("message", (data: Buffer) => {
    const text = JSON.stringify(JSON.parse(data.toString()));
    for (const member of members) member.send(text);
  });
}

function share(peer: Peer, request: IncomingMessage): void {
  const query = new URL(request.url ?? "", "ws://localhost").searchParams;
  const first = app.groups * Number(query.get("index"));
  join(peer, ...Array.from({ length: app.groups }, (_, group) => String(first + group)));
  let sent = 0;
  peer.on("message", (data: Buffer) => {
    const text = data.toString();
    const group = String(first + (sent++ % app.groups));
    for (const member of groups.get(group) ?? []) member.send(text);
  });
}

/** Puts a connection into groups, which it leaves when it ends; returns the first one. */
function join(peer: Peer, ...names: readonly string[]): Set<Peer> {
  const joined = names.map((name) => {
    const members = groups.get(name) ?? new Set();
    groups.set(name, members);
    return members.add(peer);
  });
  peer.on("close", () => {
    for (const members of joined) members.delete(peer);
  });
  return joined[0] ?? new Set();
}
