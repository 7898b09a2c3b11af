/** What stands before each of them. */
export const imports = `
import { cookies, memoryLayer, route, router, type Scope, serve, type SessionScope } from "sluice";
import { sessions, stack, WebSocketConsumer } from "sluice";
type RoomScope = Scope & { readonly params: { readonly room: string } };
class Chat extends WebSocketConsumer {}
class Room extends WebSocketConsumer<RoomScope> {}
class Account extends WebSocketConsumer<Scope & SessionScope> {}
declare const store: Parameters<typeof sessions>[0]["store"];
const layer = memoryLayer();
const secret = "s";
`;

/** Programs that the compiler refuses, as docs/reference/errors.md has them. */
export const wrongPrograms: readonly string[] = [
  'route("/chat/:id/", Room)',
  'route("/rooms/{room}/", Room)',
  'route("/rooms/<str:room>/", Chat)',
  'route("/rooms/[room]/", Chat)',
  'route("/files/*", Chat)',
  'route("/:page?/", Chat)',
  "serve({ websocket: Room })",
  "serve({ websocket: Account })",
  "serve({ websocket: stack(sessions({ store, secret }), cookies(), Account) })",
  'router([route("/", new Chat())])',
  "serve({ websocket: Chat, ports: 8000 })",
  "serve({ websocket: Chat }).url",
  'layer.groupSend("lobby", { type: "message" })',
  'layer.groupSend("lobby", { text: "hello" })',
  'class A extends WebSocketConsumer { static override readonly slow = "drop" }',
  "class B extends WebSocketConsumer { override receive(data: Uint8Array) { void data; } }",
  "class C extends WebSocketConsumer { override recieve(text: string) { void text; } }",
];
