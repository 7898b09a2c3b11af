import type { Server } from "node:http";
import { Logger, type WebSocketAdapter, type WsMessageHandler } from "@nestjs/common";
import { filter, fromEvent, map, type Observable, takeUntil } from "rxjs";
import {
  type Attached,
  attach,
  type ChannelLayer,
  CloseCode,
  type Handler,
  route,
  router,
  type Scope,
  type Socket,
} from "sluice";

/**
 * Gives the gateways of a Nest application to sluice: each path is a route, each client a connection.
 * Messages are `{ event, data }` both ways, as with `@nestjs/platform-ws`: clients need no change.
 */
export class SluiceAdapter implements WebSocketAdapter<GatewayServer, GatewayClient> {
  readonly #http: Server;
  readonly #layer: ChannelLayer;
  readonly #log = new Logger(SluiceAdapter.name);

  constructor(http: Server, layer: ChannelLayer) {
    this.#http = http;
    this.#layer = layer;
  }

  /** Nest calls it once for each path; gateways with the same path share what it returns. */
  create(port: number, { path = "/" }: { readonly path?: string } = {}): GatewayServer {
    if (port !== 0) throw new Error(`a gateway shares the application's port: leave out ${port}`);
    return new GatewayServer(this.#http, path, this.#layer);
  }

  bindClientConnect(server: GatewayServer, callback: (client: GatewayClient) => void): void {
    server.gateways.push(callback);
  }

  bindClientDisconnect({ socket }: GatewayClient, callback: () => void): void {
    socket.signal.addEventListener("abort", callback);
  }

  bindMessageHandlers(
    client: GatewayClient,
    handlers: readonly WsMessageHandler[],
    transform: (answer: unknown) => Observable<unknown>,
  ): void {
    const { socket } = client;
    for (const { message, callback } of handlers) {
      client.methods.push({
        event: message,
        call: async (data) => {
          // The client's next message waits for the method, but not for a stream that it returns.
          const answer = await callback(data, message);
          if (socket.signal.aborted) return;
          const ended = fromEvent(socket.signal, "abort");
          const replies = transform(answer).pipe(
            filter(Boolean),
            map((reply) => JSON.stringify(reply)),
            takeUntil(ended),
          );
          replies.subscribe({
            next: (text) => socket.send(text),
            error: (error) => {
              this.#log.error(error);
              socket.close(CloseCode.internalError);
            },
          });
        },
      });
    }
  }

  /** Drains, with 1012 for every client: Nest calls it before it closes the HTTP server. */
  async close(server: GatewayServer): Promise<void> {
    await server.close();
  }

  /** Not in the interface, and called nevertheless when the application closes. */
  dispose(): void {}
}

/** One path. This is what `@WebSocketServer()` puts into a gateway. */
export class GatewayServer {
  /** For the adapter: the gateways, each of which is told of each client. */
  readonly gateways: ((client: GatewayClient) => void)[] = [];
  readonly #layer: ChannelLayer;
  readonly #attached: Attached;

  constructor(http: Server, path: string, layer: ChannelLayer) {
    const gateway = (scope: Scope, socket: Socket) => this.#connect(scope, socket);
    this.#layer = layer;
    this.#attached = attach(http, { websocket: router([route(path, gateway)]), layer });
  }

  /** Sends an event to all clients in a group, whichever process they are connected to. */
  async emit(group: string, event: string, data: unknown): Promise<void> {
    await this.#layer.groupSend(group, { type: "gateway.event", event, data });
  }

  close(): Promise<void> {
    return this.#attached.close();
  }

  #connect(scope: Scope, socket: Socket): Handler {
    const client = new GatewayClient(scope, socket);
    return {
      open: () => {
        socket.accept(); // To Nest a client is connected when it is introduced to the gateways.
        for (const introduce of this.gateways) introduce(client);
        return client.joined;
      },
      text: (text) => client.receive(text),
      event: ({ event, data }) => client.emit(event as string, data),
    };
  }
}

/** One connection, as gateways see it. */
export class GatewayClient {
  /** What is known of the connection: path, headers, and what middleware added. */
  readonly scope: Scope;
  readonly socket: Socket;
  /** For the adapter: the methods of all gateways that have this client. */
  readonly methods: { event: string; call(data: unknown): Promise<void> }[] = [];
  /** For the adapter: resolves when all groups are joined that were asked for. */
  joined: Promise<unknown> = Promise.resolve();

  constructor(scope: Scope, socket: Socket) {
    this.scope = scope;
    this.socket = socket;
  }

  /** Sends an event to this client. Nest's exception filters call it, too. */
  emit(event: string, data: unknown): void {
    this.socket.send(JSON.stringify({ event, data }));
  }

  /**
   * Joins a group. Nest drops the promise of `handleConnection`, so a gateway need not wait for this:
   * the client's next message does. If it fails, this connection ends and no other.
   */
  join(group: string): void {
    this.joined = Promise.all([this.joined, this.socket.join(group)]);
  }

  async receive(text: string): Promise<void> {
    const { event, data } = parse(text);
    if (event === undefined) return this.socket.close(CloseCode.invalidPayload, "no event");
    for (const method of this.methods) if (method.event === event) await method.call(data);
    await this.joined;
  }
}

function parse(text: string): { readonly event?: unknown; readonly data?: unknown } {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
