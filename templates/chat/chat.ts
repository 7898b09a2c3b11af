import { route, router, WebSocketConsumer } from "sluice";

/** Everybody in the room gets what anybody says. */
export class Chat extends WebSocketConsumer {
  override async connect() {
    await this.join("lobby"); // left by itself when the connection ends
  }

  override receive(text: string) {
    return this.layer.groupSend("lobby", { type: "chat.message", text });
  }

  "chat.message"(event: { text: string }) {
    this.send(event.text); // called for layer messages of that type
  }
}

export const chat = router([route("/chat/", Chat)]);
