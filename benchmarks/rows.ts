import type { App } from "./app.ts";
import type { BroadcastLoad, EchoLoad, OpenLoad } from "./load.ts";
import type { Gate, Opponent, Row } from "./row.ts";
import { sessionCookie } from "./servers/session.ts";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** What a load is without anything special. */
const plain = { deflate: "off", target: "/", headers: {} } as const;

/** Every row with its gates, in the order of the report. */
export const rows: readonly Row[] = [
  echo("echo-32", "echo, 32 B, 16 in flight", { gates: [times(8.5, 13), ofRaw(0.6, 0.8)] }),
  echo("echo-32-async", "echo, 32 B, 16 in flight, async handler", {
    app: { handlers: "async receive" },
    gates: [times(7.5, 10)],
  }),
  echo("text-32", "echo, 32 B of text, 16 in flight", {
    load: { content: "text" },
    gates: [times(8.5, 12)],
  }),
  echo("ping-32", "echo, 32 B, 1 in flight", {
    load: { inFlight: 1 },
    gates: [times(1.15, 1.25), ofRaw(0.9, 1)],
  }),
  echo("echo-1k", "echo, 1 KiB, 16 in flight", {
    load: { size: kibibyte },
    gates: [times(5, 7)],
  }),
  echo("echo-16k", "echo, 16 KiB, 4 in flight", {
    load: { size: 16 * kibibyte, inFlight: 4 },
    gates: [times(1.2, 1.4)],
  }),
  echo("echo-1m", "echo, 1 MiB, 1 in flight", {
    load: { size: mebibyte, inFlight: 1, connections: 8 },
    gates: [times(1.3, 1.5), ofRaw(0.95, 1)],
  }),
  broadcast("broadcast-1000", "broadcast, 128 B to 1 000", { gates: [times(3.8, 5)] }),
  broadcast("broadcast-5000", "broadcast, 128 B to 5 000", {
    load: { connections: 5_000 },
    gates: [times(3.5, 5)],
  }),
  chat("chat", "chat, 200 members, 50 of them send", {}, [times(25, 40)]),
  chat("chat-async", "chat, async receive", { handlers: "async receive" }, [times(25, 40)]),
  chat("chat-async-event", "chat, async group method", { handlers: "async event" }, [
    times(18, 30),
  ]),
  broadcast("deflate-broadcast", "permessage-deflate, broadcast of 1 KiB JSON to 1 000", {
    app: { compression: true },
    load: { size: kibibyte, content: "json", deflate: "context" },
    gates: [times(45, 60)],
  }),
  echo("deflate-echo", "permessage-deflate, echo of 1 KiB JSON, contexts kept", {
    app: { compression: true },
    load: { size: kibibyte, content: "json", deflate: "context", inFlight: 4 },
    gates: [times(1.8, 2.5)],
  }),
  echo("deflate-echo-alone", "permessage-deflate, echo of 1 KiB JSON, no context", {
    app: { compression: true },
    load: { size: kibibyte, content: "json", deflate: "no context", inFlight: 4 },
    gates: [times(4, 6)],
  }),
  open("idle", "10 000 idle connections, each a consumer in a group", "broadcast", 100, 10_000, [
    part("rss", 0.9, 0.75),
    part("heap", 0.9, 0.75),
  ]),
  open("connect", "connects, each a consumer", "echo", 1_000, 4_000, [times(1.25, 1.6)]),
  broadcast("json-1000", "JSON to 1 000, behind cookies and a session", {
    app: { kind: "json" },
    load: {
      content: "json",
      size: 256,
      headers: { Cookie: `connect.sid=${sessionCookie}` },
    },
    gates: [times(3.5, 5), times(50, 70, "django")],
  }),
];

/** What a row has of its own. */
interface Change<L> {
  readonly app?: Partial<App>;
  readonly load?: Partial<L>;
  readonly gates: readonly Gate[];
}

function echo(name: string, title: string, { app, load, gates }: Change<EchoLoad>): Row {
  return row(name, title, gates, {
    app: { kind: "echo", ...app },
    load: {
      kind: "echo",
      connections: 64,
      inFlight: 16,
      size: 32,
      content: "binary",
      ...plain,
      ...load,
    },
  });
}

function broadcast(name: string, title: string, { app, load, gates }: Change<BroadcastLoad>): Row {
  return row(name, title, gates, {
    app: { kind: "broadcast", ...app },
    load: {
      kind: "broadcast",
      connections: 1_000,
      inFlight: 4,
      senders: 1,
      size: 128,
      content: "text",
      ...plain,
      ...load,
    },
  });
}

function chat(name: string, title: string, app: Partial<App>, gates: readonly Gate[]): Row {
  const load = { connections: 200, senders: 50, inFlight: 50 };
  return broadcast(name, title, { app, load, gates });
}

function open(
  name: string,
  title: string,
  kind: App["kind"],
  before: number,
  connections: number,
  gates: readonly Gate[],
): Row {
  const load: OpenLoad = {
    kind: "open",
    connections,
    before,
    size: 32,
    content: "text",
    ...plain,
  };
  return row(name, title, gates, { app: { kind }, load });
}

function row(
  name: string,
  title: string,
  gates: readonly Gate[],
  { app, load }: { readonly app: Pick<App, "kind"> & Partial<App>; readonly load: Row["load"] },
): Row {
  return {
    name,
    title,
    gates,
    load,
    app: {
      handlers: "sync",
      compression: false,
      groups: 0,
      crowded: false,
      largest: load.size,
      ...app,
    },
    ws: load.size >= kibibyte ? "ws+bufferutil" : "ws",
  };
}

/** The opponent needs so many times as much CPU time: ws, if nobody else is named. */
function times(atLeast: number, target: number, against: Opponent = "ws"): Gate {
  return { figure: "cpu", against, atLeast, target };
}

/** The bytes alone need such a part of the CPU time, at least. */
function ofRaw(atLeast: number, target: number): Gate {
  return times(atLeast, target, "raw");
}

/** A connection holds such a part of what it holds with ws, at most. */
function part(figure: "rss" | "heap", atMost: number, target: number): Gate {
  return { figure, against: "ws", atMost, target };
}
