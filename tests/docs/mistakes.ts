import { createServer } from "node:http";
import {
  type Application,
  attach,
  authenticate,
  connect,
  consumer,
  cookies,
  JsonWebSocketConsumer,
  memoryLayer,
  rateLimit,
  route,
  router,
  type Scope,
  serve,
  sessions,
  stack,
  streams,
  WebSocketConsumer,
  worker,
} from "sluice";
import { chaosLayer, communicator, connected, liveServer } from "sluice/testing";

/**
 * What can be done wrong, by whom the compiler does not help or does not hear; the same rows as in
 * docs/reference/errors.md.
 */
export interface Mistake {
  readonly mistake: string;
  /** Does it, and throws, rejects or resolves with what is told. */
  readonly make: () => unknown;
}

class Chat extends WebSocketConsumer {
  "chat.message"({ text }: { readonly text: string }) {
    this.send(text);
  }
}

class Plain {}

/** What somebody wrote whom no compiler heard. */
function plain(value: unknown): never {
  return value as never;
}

/** A function as somebody calls it whom no compiler heard. */
function loosely(call: unknown): (...given: unknown[]) => never {
  return call as (...given: unknown[]) => never;
}

/** What the application at one connection fails with, when the client says something. */
async function fault(
  application: Parameters<typeof communicator>[0],
  said = "hello",
): Promise<unknown> {
  const client = communicator(application);
  const answer = await client.connect();
  if (answer.accepted) {
    client.send(said);
    await client.receive().catch(() => {});
  }
  await client.disconnect();
  return client.errors[0]?.error;
}

/** What a consumer fails with that does something when it connects. */
function connecting(act: (socket: Parameters<Application>[1]) => unknown): Promise<unknown> {
  return fault((_scope, socket) => ({ open: async () => void (await act(socket)) }));
}

/** What a server answers a client that asks for a path, as a page of some origin. */
async function refusal(path: string, origin?: string): Promise<unknown> {
  await using server = await liveServer({ websocket: router([route("/chat/", Chat)]) });
  const host = new URL(server.url).host;
  const headers = origin === undefined ? {} : { Origin: origin };
  const error = await connect(`${server.webSocketUrl}${path}`, { headers }).catch(
    (error: unknown) => error as { code: string; body: string },
  );
  const { body } = error as { readonly body: string };
  return { code: "in the answer", message: body.trim().replaceAll(host, "127.0.0.1:8000") };
}

async function closedLayer(): Promise<unknown> {
  const layer = memoryLayer();
  await layer.close();
  return layer.groupSend("lobby", { type: "chat.message", text: "" });
}

async function secondServer(): Promise<unknown> {
  await using first = await liveServer({ websocket: Chat });
  const { port } = first;
  const error = await serve({ websocket: Chat, port }).catch((error: unknown) => error as Error);
  const { code, message } = error as Error & { readonly code: string };
  return { code, message: message.replace(String(port), "8000") };
}

async function unknownEvent(): Promise<unknown> {
  const layer = memoryLayer();
  const client = await connected(Chat, { layer });
  await client.disconnect();
  class Member extends Chat {
    static override readonly groups = ["lobby"];
  }
  const member = await connected(Member, { layer });
  await layer.groupSend("lobby", { type: "chat.mesage", text: "" });
  return member.receive();
}

async function sendsBefore(): Promise<unknown> {
  return communicator(Chat).send("hello");
}

/** A consumer that forgets to await what fails. */
class Forgetful extends WebSocketConsumer {
  override receive(): void {
    void this.layer.groupSend("lobby", plain({ type: "message" }));
  }
}

class Recieve extends WebSocketConsumer {
  recieve() {}
}

class Json extends JsonWebSocketConsumer {}

const listed = { type: "chat.message" } as const;

/** One after the other, as the page has them. */
export const mistakes: readonly Mistake[] = [
  // What is served.
  { mistake: "`serve(Chat)`", make: () => serve(plain(Chat)) },
  { mistake: "`serve({ port: 8000 })`", make: () => serve(plain({ port: 8000 })) },
  {
    mistake: '`serve({ websocket: [route("/chat/", Chat)] })`',
    make: () => serve(plain({ websocket: [route("/chat/", Chat)] })),
  },
  {
    mistake: '`serve({ websocket: route("/chat/", Chat) })`',
    make: () => serve(plain({ websocket: route("/chat/", Chat) })),
  },
  {
    mistake: "`serve({ websocket: Chat, ports: 8000 })`",
    make: () => serve(plain({ websocket: Chat, ports: 8000 })),
  },
  {
    mistake: "`serve({ websocket: Chat, http: {} })`",
    make: () => serve(plain({ websocket: Chat, http: {} })),
  },
  {
    mistake: "`serve({ websocket: Chat, layer: memoryLayer })`",
    make: () => serve(plain({ websocket: Chat, layer: memoryLayer })),
  },
  {
    mistake: '`serve({ websocket: Chat, origins: ["example.com"] })`',
    make: () => serve({ websocket: Chat, origins: ["example.com"] }),
  },
  {
    mistake: '`serve({ websocket: Chat, origins: ["https://example.com/"] })`',
    make: () => serve({ websocket: Chat, origins: ["https://example.com/"] }),
  },
  {
    mistake: '`serve({ websocket: Chat, origins: "https://example.com/" })`',
    make: () => serve(plain({ websocket: Chat, origins: "https://example.com/" })),
  },
  {
    mistake: '`serve({ websocket: Chat, trustProxy: "10.0.0.1" })`',
    make: () => serve(plain({ websocket: Chat, trustProxy: "10.0.0.1" })),
  },
  {
    mistake: "`serve({ websocket: Chat, limits: { maxMessageSize: -1 } })`",
    make: () => serve({ websocket: Chat, limits: { maxMessageSize: -1 } }),
  },
  {
    mistake: "`serve({ websocket: Chat, log: console.log })`",
    make: () => serve(plain({ websocket: Chat, log: () => {} })),
  },
  { mistake: "a port that is in use", make: secondServer },
  { mistake: "`attach({ websocket: Chat })`", make: () => attach(plain({}), { websocket: Chat }) },
  {
    mistake: "`this.layer` behind `attach` without one",
    make: async () => {
      const http = createServer();
      let told: unknown;
      const attached = attach(http, {
        websocket: ({ layer }) => ({ text: () => void layer }),
        onError: (error) => (told = error),
        log: plain({ debug() {}, info() {}, warn() {}, error() {} }),
      });
      await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
      const { port } = http.address() as { readonly port: number };
      await connect(`ws://127.0.0.1:${port}/`).catch(() => {});
      await attached.close({ timeout: 0 });
      http.close();
      return told;
    },
  },
  // Applications and routes.
  { mistake: '`route("/chat/", new Chat())`', make: () => route("/chat/", plain(new Chat())) },
  { mistake: '`route("/chat/", Plain)`', make: () => route("/chat/", plain(Plain)) },
  { mistake: '`route("/chat/")`', make: () => route("/chat/", plain(undefined)) },
  { mistake: '`route("chat/", Chat)`', make: () => route("chat/", Chat) },
  { mistake: '`route("/<int:id>/", Chat)`', make: () => route(plain("/<int:id>/"), Chat) },
  { mistake: '`route("/chat/*", Chat)`', make: () => route(plain("/chat/*"), Chat) },
  { mistake: '`route("/rooms/[room]/", Chat)`', make: () => route(plain("/rooms/[room]/"), Chat) },
  { mistake: '`route("/:page?/", Chat)`', make: () => route(plain("/:page?/"), Chat) },
  {
    mistake: '`route("/chat/", Chat, { origin: "same-host" })`',
    make: () => route("/chat/", Chat, plain({ origin: "same-host" })),
  },
  { mistake: '`router(route("/", Chat))`', make: () => router(plain(route("/", Chat))) },
  { mistake: "`router([Chat])`", make: () => router(plain([Chat])) },
  {
    mistake: '`router([route("/chat/", Chat), route("/chat/", Chat)])`',
    make: () => router([route("/chat/", Chat), route("/chat/", Chat)]),
  },
  {
    mistake: '`router([route("/:id/", Chat), route("/:name/", Chat)])`',
    make: () => router([route("/:id/", Chat), route("/:name/", Chat)]),
  },
  { mistake: "a client that asks for `/chat`", make: () => refusal("/chat") },
  { mistake: "a page of another site", make: () => refusal("/chat/", "https://example.com") },
  { mistake: "`stack(Chat, cookies())`", make: () => loosely(stack)(Chat, cookies()) },
  { mistake: "`stack(cookies, Chat)`", make: () => loosely(stack)(cookies, Chat) },
  { mistake: "`stack(rateLimit, Chat)`", make: () => loosely(stack)(rateLimit, Chat) },
  { mistake: "`stack(cookies())`, with nothing in it", make: () => fault(stack(plain(cookies()))) },
  { mistake: "`consumer(Plain, 7)`", make: () => loosely(consumer)(Plain, 7) },
  { mistake: "`streams(Chat)`", make: () => loosely(streams)(Chat) },
  { mistake: '`streams({ chat: "Chat" })`', make: () => streams(plain({ chat: "Chat" })) },
  // Middleware.
  { mistake: "`rateLimit()`", make: () => loosely(rateLimit)() },
  { mistake: "`rateLimit({})`", make: () => rateLimit({}) },
  {
    mistake: "`rateLimit({ message: 10 })`",
    make: () => rateLimit(plain({ message: 10 })),
  },
  {
    mistake: '`rateLimit({ messages: 10, by: "user" })` alone',
    make: () => fault(loosely(stack)(rateLimit({ messages: 10, by: "user" }), Chat)),
  },
  {
    mistake: "`sessions({ store, secret })` without `cookies()`",
    make: () => fault(loosely(stack)(sessions({ store: plain(emptyStore), secret: "s" }), Chat)),
  },
  { mistake: "`sessions({ store })`", make: () => loosely(sessions)({ store: emptyStore }) },
  { mistake: "`authenticate({})`", make: () => loosely(authenticate)({}) },
  // Consumers.
  {
    mistake: '`static slow = "drop"`',
    make: () => slow("drop"),
  },
  { mistake: '`static groups = "lobby"`', make: () => grouped("lobby") },
  { mistake: "`static concurrency = 0`", make: () => concurrent(0) },
  { mistake: "no `receive` for the text that came", make: () => fault(Chat) },
  { mistake: "`recieve(text)`", make: () => fault(Recieve) },
  { mistake: "no `receiveJson` for the value that came", make: () => fault(Json, "1") },
  { mistake: "a bare handler without `text`", make: () => fault(() => ({ name: "clock" })) },
  {
    mistake: "an application that returns nothing",
    make: () => fault(plain(function chat() {})),
  },
  { mistake: "no method for a layer message", make: unknownEvent },
  {
    mistake: "`this.send` before the connection is accepted",
    make: () => connecting((s) => s.send("")),
  },
  { mistake: "`this.send({ text })`", make: () => sending((s) => s.send(plain({ text: "" }))) },
  {
    mistake: "`this.send(text, { dropable: true })`",
    make: () => sending((s) => s.send("", plain({ dropable: true }))),
  },
  { mistake: "`this.accept()` twice", make: () => sending((s) => s.accept()) },
  {
    mistake: "`this.accept({ subProtocol: name })`",
    make: () => connecting((s) => s.accept(plain({ subProtocol: "v1" }))),
  },
  {
    mistake: "a subprotocol that was not offered",
    make: () => connecting((s) => s.accept({ subprotocol: "v1" })),
  },
  {
    mistake: "a header that the handshake has",
    make: () => connecting((s) => s.accept({ headers: { Upgrade: "websocket" } })),
  },
  {
    mistake: "a header with a line break",
    make: () => connecting((s) => s.accept({ headers: { "x-note": "a\r\nb" } })),
  },
  { mistake: "`this.reject(200)`", make: () => connecting((s) => s.reject(200)) },
  {
    mistake: "`this.join` after `this.reject(403)`",
    make: () => connecting((s) => (s.reject(403), s.join("lobby"))),
  },
  { mistake: "`this.close(1006)`", make: () => sending((s) => s.close(1006)) },
  { mistake: '`this.close("bye")`', make: () => sending((s) => s.close(plain("bye"))) },
  {
    mistake: "a close reason of 200 bytes",
    make: () => sending((s) => s.close(4000, "x".repeat(200))),
  },
  { mistake: "a `this.layer.groupSend` that fails, without `await`", make: () => fault(Forgetful) },
  {
    mistake: "`this.join(group, { sinc: position })`",
    make: () => connecting((s) => s.join("lobby", plain({ sinc: "1" }))),
  },
  // Layers.
  { mistake: "`memoryLayer({ capacty: 10 })`", make: () => memoryLayer(plain({ capacty: 10 })) },
  {
    mistake: '`memoryLayer({ history: { groups: "*" } })`',
    make: () => memoryLayer(plain({ history: { groups: "*" } })),
  },
  {
    mistake: '`memoryLayer({ history: [{ group: "*" }] })`',
    make: () => memoryLayer(plain({ history: [{ group: "*" }] })),
  },
  {
    mistake: 'a layer message of the type `"message"`',
    make: () => memoryLayer().groupSend("lobby", plain({ type: "message" })),
  },
  {
    mistake: "a layer message without a type",
    make: () => memoryLayer().groupSend("lobby", plain({ text: "" })),
  },
  {
    mistake: '`layer.groupSend("lobby", "hello")`',
    make: () => memoryLayer().groupSend("lobby", plain("hello")),
  },
  {
    mistake: "a layer message with a `Date` in it",
    make: () => memoryLayer().groupSend("lobby", { ...listed, at: new Date(0) }),
  },
  { mistake: 'a group named `""`', make: () => memoryLayer().groupSend("", listed) },
  {
    mistake: "`layer.groupSend(group, message, { exclude: channel })`",
    make: () => memoryLayer().groupSend("lobby", listed, plain({ exclude: "x" })),
  },
  { mistake: "a layer that was closed", make: closedLayer },
  {
    mistake: '`layer.join(group, channel, { presence: { name: "ann" } })`',
    make: () => {
      const layer = memoryLayer();
      return layer.join(
        "lobby",
        layer.channel({ deliver() {} }),
        plain({ presence: { name: "ann" } }),
      );
    },
  },
  {
    mistake: '`layer.join(group, channel, { presence: "ann" })`',
    make: () => {
      const layer = memoryLayer();
      return layer.join("lobby", layer.channel({ deliver() {} }), plain({ presence: "ann" }));
    },
  },
  {
    mistake: "`this.join(group, position)`",
    make: () => connecting((s) => s.join("lobby", plain("1"))),
  },
  { mistake: '`worker({ "jobs.run": run })`', make: () => loosely(worker)({ "jobs.run"() {} }) },
  { mistake: "`worker({}, layer)`", make: () => worker({}, memoryLayer()) },
  {
    mistake: "`worker({ run() {} }, layer)`",
    make: () => worker(plain({ run() {} }), memoryLayer()),
  },
  // Clients and tests.
  { mistake: '`connect("/chat/")`', make: () => connect("/chat/") },
  { mistake: "`connect(undefined)`", make: () => connect(plain(undefined)) },
  {
    mistake: "`connect(server)`",
    make: () => connect(plain({ webSocketUrl: "ws://127.0.0.1:1" })),
  },
  {
    mistake: "`connect(url)` for which no route is",
    make: async () => {
      await using server = await liveServer({ websocket: router([route("/chat/", Chat)]) });
      return await connect(`${server.webSocketUrl}/chat`);
    },
  },
  {
    mistake: "`connect(url, { protocols: [name] })`",
    make: () => connect("ws://127.0.0.1:1/", plain({ protocols: ["v1"] })),
  },
  { mistake: "`communicator(Chat)` that sends before `connect()`", make: sendsBefore },
  {
    mistake: "`communicator(Chat, { url: path })`",
    make: () => communicator(Chat, plain({ url: "/chat/" })),
  },
  { mistake: "`connected(Chat, layer)`", make: () => connected(Chat, plain(memoryLayer())) },
  {
    mistake: "`connected(Chat)` that is refused",
    make: () =>
      connected((_scope, socket) => ({
        open: () => socket.reject(403, { body: "say who you are" }),
      })),
  },
  { mistake: "`liveServer(Chat)`", make: () => liveServer(plain(Chat)) },
  {
    mistake: "`chaosLayer(layer, { seed: 1, drops: 0.5 })`",
    make: () => chaosLayer(memoryLayer(), plain({ seed: 1, drops: 0.5 })),
  },
];

const emptyStore = {
  get: (_id: string, done: (error: unknown, data?: null) => void) => done(null, null),
  set: (_id: string, _data: unknown, done: () => void) => done(),
  destroy: (_id: string, done: () => void) => done(),
};

/** What a consumer fails with that does something when it is accepted and is told something. */
function sending(act: (socket: Parameters<Application>[1]) => void): Promise<unknown> {
  return fault((_scope: Scope, socket) => ({ text: () => act(socket) }));
}

function slow(policy: string): unknown {
  class Chat extends WebSocketConsumer {
    static override readonly slow = plain(policy);
  }
  return communicator(Chat);
}

function grouped(groups: string): unknown {
  class Chat extends WebSocketConsumer {
    static override readonly groups = plain(groups);
  }
  return communicator(Chat);
}

function concurrent(concurrency: number): unknown {
  class Chat extends WebSocketConsumer {
    static override readonly concurrency = concurrency;
  }
  return communicator(Chat);
}
