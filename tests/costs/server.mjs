/**
 * A server whose costs are counted: the whole stack, in a process of its own. Its parameters are the
 * snapshot that it runs from, the application, and whether permessage-deflate is on.
 *
 * It answers each message of its parent: "allocated" with the bytes that it has allocated so far, and
 * how often they were collected; "collect" does so when it has collected all it can, "bytes" and "text"
 * when it has sent 16 MiB of them to its last client.
 */
import { join } from "node:path";
import { PerformanceObserver } from "node:perf_hooks";
import { pathToFileURL } from "node:url";

const [snapshot, application, compression] = process.argv.slice(2);
const { memoryLayer, route, router, serve, WebSocketConsumer } = await import(
  pathToFileURL(join(snapshot, "dist/index.js")).href
);

const size = 16 * 1024 * 1024;

class Echo extends WebSocketConsumer {
  receive(text) {
    this.send(text);
  }
}

class Chat extends WebSocketConsumer {
  async connect() {
    await this.join("all");
  }
  receive(text) {
    return this.layer.groupSend("all", { type: "chat.message", text });
  }
  "chat.message"({ text }) {
    this.send(text);
  }
}

/** One small object for each message more than there has to be. */
class WastefulEcho extends Echo {
  receive(text) {
    this.last = { text, length: text.length };
    super.receive(text);
  }
}

/** Answers that come too late to leave together. */
class HastyEcho extends WebSocketConsumer {
  receive(text) {
    return new Promise((resolve) => setImmediate(resolve)).then(() => this.send(text));
  }
}

/** The same for each member of a group. */
class WastefulChat extends Chat {
  "chat.message"(event) {
    this.last = { ...event };
    super["chat.message"](event);
  }
}

let latest;

/** Takes long messages, and keeps none. */
class Sink extends WebSocketConsumer {
  connect() {
    latest = this;
  }
  receive(text) {
    this.send(String(text.length));
  }
  receiveBytes(bytes) {
    this.send(String(bytes.length));
  }
  deliver(data) {
    this.send(data);
  }
}

const applications = { Echo, Chat, WastefulEcho, HastyEcho, WastefulChat, Sink };
const server = await serve({
  websocket: router([route("/", applications[application])]),
  layer: memoryLayer(),
  port: 0,
  compression: compression === "true",
  ...(application === "Sink" && {
    limits: { maxMessageSize: size, mailboxSize: 2 * size, outboxSize: 2 * size },
  }),
});

let collections = 0;
const observer = new PerformanceObserver((list) => {
  collections += list.getEntries().length;
});
observer.observe({ entryTypes: ["gc"] });

/** What is sent on demand: made before anything is counted. */
const data = application === "Sink" && {
  bytes: new Uint8Array(size),
  text: Buffer.alloc(size, "x").latin1Slice(),
};

process.on("message", (asked) => {
  if (asked === "collect") {
    for (let round = 0; round < 3; round += 1) gc();
  } else if (asked === "bytes" || asked === "text") {
    latest.deliver(data[asked]);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  collections += observer.takeRecords().length;
  process.send({ allocated: heapUsed + arrayBuffers, collections });
});
process.once("disconnect", () => process.exit());
process.send({ port: server.port });
