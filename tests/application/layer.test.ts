import { type Handler, memoryLayer, WebSocketConsumer } from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";

describe("a layer of its own", () => {
  test("is what a consumer of such a class joins, sends to and is addressed on", async () => {
    const other = memoryLayer();
    const usual = memoryLayer();
    class Prices extends WebSocketConsumer {
      static override readonly layer = other;
      static override readonly groups = ["prices"];
      override async receive() {
        await this.leave("prices");
        await this.layer.send(this.channel, { type: "price.note", text: "to myself" });
      }
      "price.note"({ text }: { readonly text: string }) {
        this.send(text);
      }
    }
    const client = communicator(Prices, { layer: usual });
    await client.connect();
    await usual.groupSend("prices", { type: "price.note", text: "not heard" });
    await other.groupSend("prices", { type: "price.note", text: "heard" });
    expect(await client.receive()).toBe("heard");
    client.send("?");
    expect(await client.receive()).toBe("to myself");
    await other.groupSend("prices", { type: "price.note", text: "left before" });
    expect(await client.receiveNothing()).toBe(true);
  });

  test("may be any handler's", async () => {
    const layer = memoryLayer();
    const client = communicator((_scope, socket): Handler => {
      return {
        layer,
        open: () => socket.join("room"),
        event: ({ type }) => socket.send(type),
      };
    });
    await client.connect();
    await layer.groupSend("room", { type: "room.note" });
    expect(await client.receive()).toBe("room.note");
  });
});
