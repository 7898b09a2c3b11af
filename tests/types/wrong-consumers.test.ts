import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "./compile.ts";

const imports = `
import { JsonWebSocketConsumer, route, type Scope, streams, WebSocketConsumer } from "sluice";
import { memoryLayer, serve, worker } from "sluice";

type SessionScope = Scope & { readonly session: { readonly id: string } };
type RoomScope = Scope & { readonly params: { readonly room: string } };
declare class Session extends WebSocketConsumer<SessionScope> {}
declare class Room extends WebSocketConsumer<RoomScope> {}
type Jobs = { readonly type: "jobs.make"; readonly id: number };
const jobs = memoryLayer<Jobs>();
`;

const programs = {
  right: `
class Chat extends JsonWebSocketConsumer<{ text: string }, { text: string }, RoomScope> {
  static override readonly groups = ({ params }: RoomScope): string[] => [params.room];
  static override readonly layer = memoryLayer();
  static override readonly concurrency = 4;
  override receiveJson({ text }: { text: string }): void {
    if (text === "") this.stop();
    this.sendJson({ text });
  }
}
route("/:room/", streams({ chat: Chat, room: Room }));
void serve({ websocket: streams({ a: class extends WebSocketConsumer {} }) });
worker({ "jobs.make": ({ id }) => void id.toFixed() }, jobs);`,
  sent: `
class Chat extends JsonWebSocketConsumer<unknown, { text: string }> {
  override connect(): void { this.sendJson({ txt: "" }); }
}`,
  received: `
class Chat extends JsonWebSocketConsumer<{ text: string }> {
  override receiveJson({ text }: { text: number }): void { void text; }
}`,
  codec: `
class Chat extends JsonWebSocketConsumer {
  static override readonly codec = { encode: (value: unknown): number => Number(value) };
}`,
  groups: `
class Chat extends WebSocketConsumer {
  static override readonly groups = ({ session }: SessionScope): string[] => [session.id];
}
void serve({ websocket: Chat });`,
  group: `
class Chat extends WebSocketConsumer { static override readonly groups = "lobby"; }`,
  layer: `
class Chat extends WebSocketConsumer { static override readonly layer = "default"; }`,
  concurrency: `
class Chat extends WebSocketConsumer { static override readonly concurrency = "many"; }`,
  streams: "void serve({ websocket: streams({ session: Session }) });",
  parameter: 'route("/", streams({ room: Room }));',
  stream: 'streams({ chat: "chat" });',
  unknown: 'streams({ room: Room }, { unknown: "ignore" });',
  job: 'worker({ "jobs.take": () => {} }, jobs);',
  message: 'worker({ "jobs.make": ({ name }) => void name }, jobs);',
  dotless: "worker({ make: () => {} }, memoryLayer());",
};

let said: ReadonlyMap<string, string>;

beforeAll(async () => {
  said = await compile(programs, imports);
}, 60_000);

describe("the compiler says", () => {
  test("nothing about a program that is right", () => {
    expect(said.get("right")).toBeUndefined();
  });

  test.each<[keyof typeof programs, string]>([
    ["sent", "'txt' does not exist in type '{ text: string; }'"],
    ["received", "Type 'string' is not assignable to type 'number'"],
    ["codec", "Property 'decode' is missing"],
    ["groups", "this application needs scope.session: wrap it in a middleware that adds it"],
    ["group", "is not assignable to type 'Groups"],
    ["layer", "Type 'string' is not assignable to type 'ChannelLayer"],
    ["concurrency", "Type 'string' is not assignable to type 'number'"],
    ["streams", "this application needs scope.session: wrap it in a middleware that adds it"],
    ["parameter", 'the application needs the parameter \\"room\\", which this path does not have'],
    ["stream", "Type 'string' is not assignable to type 'Streamable'"],
    ["unknown", 'Type \'"ignore"\' is not assignable to type \'"close" | "error" | undefined'],
    ["job", "'\"jobs.take\"' does not exist in type 'WorkerHandlers"],
    ["message", "Property 'name' does not exist on type 'Jobs'"],
    ["dotless", "'make' does not exist in type 'WorkerHandlers"],
  ])("of the wrong program %s: %s", (name, sentence) => {
    expect(said.get(name)).toContain(sentence);
    expect(said.get(name)?.match(/error TS/g)).toHaveLength(1);
  });
});
