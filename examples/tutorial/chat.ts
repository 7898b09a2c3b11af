import { WebSocketConsumer } from "sluice";

/** The one group of the chat room: whoever is connected is in it. */
const everybody = "22922192";

/** Many to many: what anybody says goes to everybody, the speaker included, exactly as it came. */
export class Chat extends WebSocketConsumer {
  override async connect(): Promise<void> {
    await this.join(everybody);
  }

  override receive(text: string): Promise<unknown> {
    return this.layer.groupSend(everybody, { type: "chat.message", text });
  }

  "chat.message"(event: { readonly text: string }): void {
    this.send(event.text);
  }
}
