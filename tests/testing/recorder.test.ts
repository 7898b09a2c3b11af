import { WebSocketConsumer } from "sluice";
import { communicator, recorder } from "sluice/testing";
import { describe, expect, test } from "vitest";

class Chat extends WebSocketConsumer {
  static override readonly groups = ["lobby"];
  override async receive(text: string) {
    if (text === "leave") await this.leave("lobby");
    else await this.layer.groupSend("lobby", { type: "chat.message", text });
    this.send("done");
  }
  "chat.message"() {}
}

describe("a recorder", () => {
  test("knows who is in a group, until they leave or end", async () => {
    const layer = recorder();
    const [one, other] = [communicator(Chat, { layer }), communicator(Chat, { layer })];
    await one.connect();
    await other.connect();
    expect([layer.groups, layer.members("lobby").length]).toEqual([["lobby"], 2]);
    one.send("leave");
    await one.receive();
    expect(layer.members("lobby")).toHaveLength(1);
    await other.disconnect();
    expect([layer.groups, layer.members("lobby")]).toEqual([[], []]);
  });

  test("knows what was sent, as it was then, and forgets on demand", async () => {
    const layer = recorder();
    const list = [1];
    await layer.groupSend("lobby", { type: "chat.message", list });
    list.fill(2);
    await layer.send("someone", { type: "chat.direct" });
    expect(layer.sentTo("lobby")).toEqual([{ type: "chat.message", list: [1] }]);
    expect(layer.sentTo("someone")).toEqual([{ type: "chat.direct" }]);
    layer.forget();
    expect(layer.sentTo("lobby")).toEqual([]);
  });

  test("does not count what could not be sent, or joined", async () => {
    const layer = recorder();
    const channel = layer.channel({ deliver() {} });
    await expect(layer.groupSend("", { type: "a.b" })).rejects.toThrow();
    await expect(layer.join("", channel)).rejects.toThrow();
    expect([layer.sentTo(""), layer.groups]).toEqual([[], []]);
  });
});
