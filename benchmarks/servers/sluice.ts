/** The applications through the whole stack: server, router, consumers, groups and the memory layer. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  attach,
  type ConsumerClass,
  cookies,
  JsonWebSocketConsumer,
  memoryLayer,
  type Router,
  route,
  router,
  serve,
  sessions,
  stack,
  WebSocketConsumer,
} from "sluice";
import { announce, app } from "./announce.ts";
import { secret, store } from "./session.ts";
import { limitsFor } from "./sluice-limits.ts";

class Echo extends WebSocketConsumer {
  override receive(text: string): void {
    this.send(text);
  }

  override receiveBytes(bytes: Uint8Array): void {
    this.send(bytes);
  }
}

class AsyncEcho extends WebSocketConsumer {
  override async receive(text: string): Promise<void> {
    this.send(text);
  }

  override async receiveBytes(bytes: Uint8Array): Promise<void> {
    this.send(bytes);
  }
}

class Chat extends WebSocketConsumer {
  override async connect(): Promise<void> {
    await this.join("all");
  }

  override receive(text: string): Promise<unknown> {
    return this.layer.groupSend("all", { type: "chat.message", text });
  }

  "chat.message"({ text }: { readonly text: string }): void | Promise<void> {
    this.send(text);
  }
}

class AsyncReceiveChat extends Chat {
  override async receive(text: string): Promise<void> {
    await this.layer.groupSend("all", { type: "chat.message", text });
  }
}

class AsyncEventChat extends Chat {
  override async "chat.message"({ text }: { readonly text: string }): Promise<void> {
    this.send(text);
  }
}

class JsonChat extends JsonWebSocketConsumer<object, object> {
  override async connect(): Promise<void> {
    await this.join("all");
  }

  override receiveJson(said: object): Promise<unknown> {
    return this.layer.groupSend("all", { type: "chat.message", said });
  }

  "chat.message"({ said }: { readonly said: object }): void {
    this.sendJson(said);
  }
}

/** A connection that is in many groups, and sends to one after the other. */
class Groups extends WebSocketConsumer {
  #first = 0;
  #sent = 0;

  override async connect(): Promise<void> {
    this.#first = app.groups * Number(this.scope.query.get("index"));
    for (let group = 0; group < app.groups; group += 1) {
      await this.join(String(this.#first + group));
    }
  }

  override receive(text: string): Promise<unknown> {
    const group = String(this.#first + (this.#sent++ % app.groups));
    return this.layer.groupSend(group, { type: "chat.message", text });
  }

  "chat.message"({ text }: { readonly text: string }): void {
    this.send(text);
  }
}

const options = {
  websocket: application(),
  layer: memoryLayer(),
  compression: app.compression,
  limits: limitsFor(app.largest),
};
const backlog = 1_024;
announce(app.crowded ? await attached() : await served());

async function served(): Promise<number> {
  return (await serve({ ...options, port: 0, listen: { backlog } })).port;
}

/** On a server that does not count its connections, as `serve` does. */
async function attached(): Promise<number> {
  const server = createServer();
  attach(server, options);
  await once(server.listen({ port: 0, host: "127.0.0.1", backlog }), "listening");
  return (server.address() as AddressInfo).port;
}

function application(): Router {
  if (app.kind === "json") {
    const secured = stack(cookies(), sessions({ store, secret, required: true }), JsonChat);
    return router([route("/", secured)]);
  }
  return router([route("/", consumerClass())]);
}

function consumerClass(): ConsumerClass {
  if (app.kind === "groups") return Groups;
  if (app.kind === "echo") return app.handlers === "sync" ? Echo : AsyncEcho;
  if (app.handlers === "async receive") return AsyncReceiveChat;
  return app.handlers === "async event" ? AsyncEventChat : Chat;
}
