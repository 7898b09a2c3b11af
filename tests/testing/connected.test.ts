import { type Application, WebSocketConsumer } from "sluice";
import { connected } from "sluice/testing";
import { expect, test } from "vitest";

class Echo extends WebSocketConsumer {
  override receive(text: string) {
    this.send(text);
  }
}

test("connected resolves with a communicator whose connection is open", async () => {
  const client = await connected(Echo, { path: "/echo/" });
  client.send("hello");
  expect(await client.receive()).toBe("hello");
});

test("connected rejects where the connection is refused, with the reason", async () => {
  const refusing: Application = (_scope, socket) => ({ open: () => socket.reject(403) });
  await expect(connected(refusing)).rejects.toMatchObject({
    code: "ERR_TEST_CLOSED",
    message: "the connection was refused with 403",
  });
  const faulty: Application = () => {
    throw new Error("as told");
  };
  await expect(connected(faulty)).rejects.toThrow("as told");
});
