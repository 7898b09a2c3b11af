import { route, router, WebSocketConsumer } from "sluice";

/** What every framework here is given: one room in which everybody hears everybody. */
class Chat extends WebSocketConsumer {
  override async connect(): Promise<void> {
    await this.join("lobby");
  }

  override receive(text: string): Promise<unknown> {
    return this.layer.groupSend("lobby", { type: "chat.message", text });
  }

  "chat.message"(event: { readonly text: string }): void {
    this.send(event.text);
  }
}

/** A router, so that only `/chat/` is ours: every other upgrade stays the framework's. */
export const chat = router([route("/chat/", Chat)]);
