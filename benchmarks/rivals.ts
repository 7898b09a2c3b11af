import type { Packages } from "./packages.ts";
import { bun } from "./rivals/bun.ts";
import { crossws } from "./rivals/crossws.ts";
import { deno } from "./rivals/deno.ts";
import { djangoChannels } from "./rivals/django-channels.ts";
import { minimal } from "./rivals/minimal.ts";
import { newerNode } from "./rivals/newer-node.ts";
import { rawNet } from "./rivals/raw-net.ts";
import type { Rival } from "./rivals/rival.ts";
import { sluice } from "./rivals/sluice.ts";
import { sluiceBare } from "./rivals/sluice-bare.ts";
import { socketIo } from "./rivals/socket-io.ts";
import { uWebSockets } from "./rivals/uwebsockets.ts";
import { ws } from "./rivals/ws.ts";
import { wsBufferutil } from "./rivals/ws-bufferutil.ts";

const makers = [
  sluice,
  sluiceBare,
  ws,
  wsBufferutil,
  rawNet,
  minimal,
  socketIo,
  crossws,
  uWebSockets,
  bun,
  deno,
  newerNode,
  djangoChannels,
];

/** Everybody who can take part, installed or not; sluice is the first. */
export function allRivals(packages: Packages): readonly Rival[] {
  return makers.map((make) => make(packages));
}
