/** The applications as bare handlers: the engine without router and consumers. */
import {
  type Application,
  type Handler,
  type LayerMessage,
  memoryLayer,
  type Scope,
  type Socket,
  serve,
} from "sluice";
import { announce, app } from "./announce.ts";
import { limitsFor } from "./sluice-limits.ts";

class Echo implements Handler {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  text(message: string): void | Promise<void> {
    this.#socket.send(message);
  }

  bytes(message: Uint8Array): void | Promise<void> {
    this.#socket.send(message);
  }
}

class AsyncEcho extends Echo {
  override async text(message: string): Promise<void> {
    return super.text(message);
  }

  override async bytes(message: Uint8Array): Promise<void> {
    return super.bytes(message);
  }
}

class Chat implements Handler {
  readonly #scope: Scope;
  readonly #socket: Socket;

  constructor(socket: Socket, scope: Scope) {
    this.#scope = scope;
    this.#socket = socket;
  }

  open(): Promise<unknown> {
    return this.#socket.join("all");
  }

  text(message: string): Promise<unknown> {
    return this.#scope.layer.groupSend("all", { type: "chat.message", text: message });
  }

  event(message: LayerMessage): void | Promise<void> {
    this.#socket.send(message["text"] as string);
  }
}

class AsyncReceiveChat extends Chat {
  override async text(message: string): Promise<unknown> {
    return super.text(message);
  }
}

class AsyncEventChat extends Chat {
  override async event(message: LayerMessage): Promise<void> {
    return super.event(message);
  }
}

const handlers = {
  echo: { sync: Echo, "async receive": AsyncEcho, "async event": Echo },
  broadcast: { sync: Chat, "async receive": AsyncReceiveChat, "async event": AsyncEventChat },
};

const Chosen = handlers[app.kind as "echo" | "broadcast"][app.handlers];
const application: Application = (scope, socket) => new Chosen(socket, scope);

const server = await serve({
  websocket: application,
  layer: memoryLayer(),
  port: 0,
  listen: { backlog: 1_024 },
  compression: app.compression,
  limits: limitsFor(app.largest),
});
announce(server.port);
