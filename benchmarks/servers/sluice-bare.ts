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

  text(message: string): void {
    this.#socket.send(message);
  }

  bytes(message: Uint8Array): void {
    this.#socket.send(message);
  }
}

class Chat implements Handler {
  readonly #scope: Scope;
  readonly #socket: Socket;

  constructor(scope: Scope, socket: Socket) {
    this.#scope = scope;
    this.#socket = socket;
  }

  open(): Promise<unknown> {
    return this.#socket.join("all");
  }

  text(message: string): Promise<unknown> {
    return this.#scope.layer.groupSend("all", { type: "chat.message", text: message });
  }

  event(message: LayerMessage): void {
    this.#socket.send(message["text"] as string);
  }
}

const application: Application = (scope, socket) =>
  app.kind === "echo" ? new Echo(socket) : new Chat(scope, socket);

const server = await serve({
  websocket: application,
  layer: memoryLayer(),
  port: 0,
  listen: { backlog: 1_024 },
  compression: app.compression,
  limits: limitsFor(app.largest),
});
announce(server.port);
