import { memoryLayer, type Scope, WebSocketConsumer } from "sluice";
import { connected } from "sluice/testing";
import { expect, test } from "vitest";

interface Session {
  readonly name: string;
  /** Who is asleep is slow: nothing is handled until this resolves. */
  readonly asleep?: Promise<void>;
}

/** What a user would test: a chat of people who are logged in. */
class Chat extends WebSocketConsumer<Scope & { readonly session: Session }> {
  static override readonly groups = ["lobby"];
  static override readonly slow = "drop-oldest";
  override receive(text: string) {
    const { name } = this.scope.session;
    return this.layer.groupSend("lobby", { type: "chat.message", text: `${name}: ${text}` });
  }
  "chat.message"({ text }: { readonly text: string }) {
    return this.scope.session.asleep?.then(() => this.send(text)) ?? this.send(text);
  }
}

test("what one says all in the lobby hear, and who is slow misses what is old", async () => {
  const options = { layer: memoryLayer(), limits: { mailboxMessages: 1 } };
  const open = (session: Session) => connected(Chat, { ...options, scope: { session } });
  let wake = () => {};
  const asleep = new Promise<void>((resolve) => (wake = resolve));
  const [ada, bob] = [await open({ name: "ada" }), await open({ name: "bob" })];
  const sloth = await open({ name: "sloth", asleep });
  for (const text of ["one", "two", "three"]) ada.send(text);
  for (const text of ["one", "two", "three"]) expect(await bob.receive()).toBe(`ada: ${text}`);
  wake();
  expect([await sloth.receive(), await sloth.receive()]).toEqual(["ada: one", "ada: three"]);
});
