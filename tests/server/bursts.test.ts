import { once } from "node:events";
import { serve, WebSocketConsumer } from "sluice";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";

class Room extends WebSocketConsumer {
  override async connect() {
    await this.join("room");
  }
  override receive(text: string) {
    return this.layer.groupSend("room", { type: "room.said", text });
  }
  "room.said"(event: { readonly text: string }) {
    this.send(event.text);
  }
}

it("brings a burst of 20 000 small messages back to its sender, whole and in order", async () => {
  const server = await serve({ websocket: Room, port: 0 });
  onTestFinished(() => server.close({ timeout: 0 }));
  const client = new WebSocket(server.webSocketUrl);
  await once(client, "open");
  const count = 20_000;
  const heard: string[] = [];
  const whole = new Promise<void>((resolve, reject) => {
    client.on("close", (code, reason) => reject(new Error(`closed with ${code} ${reason}`)));
    client.on("message", (data) => {
      if (heard.push(String(data)) === count) resolve();
    });
  });
  for (let n = 0; n < count; n++) client.send(`${n}`);
  await whole;
  expect(heard).toEqual(Array.from({ length: count }, (_, n) => `${n}`));
  client.removeAllListeners("close");
  client.terminate();
}, 30_000);
