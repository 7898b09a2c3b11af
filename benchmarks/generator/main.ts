/** The generator: a process that loads a server as it is told, and reports what it saw. */
import { once } from "node:events";
import process from "node:process";
import type { Load, Order, Report } from "../load.ts";
import { BroadcastLoop } from "./broadcast-loop.ts";
import { Crowd } from "./crowd.ts";
import { EchoLoop } from "./echo-loop.ts";
import { Meter, work } from "./meter.ts";
import { CountedReplies } from "./replies.ts";
import { Traffic } from "./traffic.ts";

// Whoever started it is gone: nobody waits for a result.
process.once("disconnect", () => process.exit());
const [order] = (await once(process, "message")) as [Order];
const crowd = new Crowd(order);
try {
  await Promise.race([crowd.failure, order.load.kind === "open" ? open() : exchange(order.load)]);
} catch (error) {
  report({ kind: "failed", why: (error as Error).message });
}

/** Measures what opening connections costs; they stay open until this process is ended. */
async function open(): Promise<void> {
  if (order.load.kind !== "open") return;
  const { before, connections } = order.load;
  await crowd.open(before);
  report({ kind: "opened" });
  await once(process, "message");
  const meter = new Meter(order.pid);
  meter.start();
  await crowd.open(before + connections);
  meter.messages = connections;
  report({
    kind: "measured",
    measurement: { ...meter.stop(), extension: "", replySize: 0 },
  });
}

/** Measures what messages cost, once all connections are open. */
async function exchange(load: Exclude<Load, { kind: "open" }>): Promise<void> {
  await crowd.open(load.connections);
  const [first] = crowd.clients;
  const extension = first?.extension ?? "";
  if (crowd.clients.some((client) => client.extension !== extension)) {
    throw new Error("the server did not negotiate the same with all connections");
  }
  const traffic = new Traffic(load, order.dialect, extension);
  const meter = new Meter(order.pid);
  const loop =
    load.kind === "echo"
      ? new EchoLoop(load, traffic.requests, meter)
      : new BroadcastLoop(load, traffic.requests, meter);
  for (const client of crowd.clients) {
    client.reader = traffic.reader(client.index, () => loop.sent);
  }
  crowd.loop = loop;
  loop.start(crowd.clients);
  await work(order.pid, order.warmUp);
  await loop.boundary();
  const bytes = replyBytes();
  meter.start();
  await work(order.pid, order.duration);
  await loop.boundary();
  const measured = meter.stop();
  if (measured.messages === 0) throw new Error("no message came back while it was measured");
  const replySize = (replyBytes() - bytes) / measured.messages;
  if (load.deflate !== "off" && replySize >= load.size) {
    throw new Error(`compressed replies have ${replySize} bytes for messages of ${load.size}`);
  }
  report({ kind: "measured", measurement: { ...measured, extension, replySize } });
}

/** Bytes of all replies that were counted. */
function replyBytes(): number {
  return crowd.clients.reduce(
    (sum, { reader }) => sum + (reader instanceof CountedReplies ? reader.bytes : 0),
    0,
  );
}

function report(message: Report): void {
  process.send?.(message);
}
