import { WebSocketConsumer } from "sluice";

/** One to one: every message is answered, and nobody else hears of it. */
export class Echo extends WebSocketConsumer {
  override receive(): void {
    this.send("收到了");
  }

  override receiveBytes(): void {
    this.send("收到了");
  }
}
