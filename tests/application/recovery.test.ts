import { type Delivery, type Gap, memoryLayer, WebSocketConsumer } from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";

const history = [{ groups: "news", size: 20 }];

class Reader extends WebSocketConsumer {
  override async connect() {
    const since = this.scope.query.get("since");
    const { position, recovered } = await this.join("news", since === null ? {} : { since });
    this.accept();
    this.send(JSON.stringify({ position, recovered }));
    // However long it takes: what was missed comes afterwards.
    await new Promise((resolve) => setImmediate(resolve));
    this.send("connected");
  }
  "news.item"(event: { readonly text: string }, { group, position, id }: Delivery) {
    this.send(JSON.stringify({ text: event.text, group, position, id }));
  }
  override gap({ group, top }: Gap) {
    this.send(JSON.stringify({ gap: group, top }));
  }
}

async function sent(layer: ReturnType<typeof memoryLayer>, ...texts: string[]): Promise<string[]> {
  const positions: string[] = [];
  for (const text of texts) {
    const message = { type: "news.item", text } as const;
    positions.push((await layer.groupSend("news", message, { id: text }))!);
  }
  return positions;
}

describe("a consumer of a group with a history", () => {
  test("gets what it missed after connect has returned, in order, with group, position and id", async () => {
    const layer = memoryLayer({ history });
    const positions = await sent(layer, "one", "two", "three");
    const client = communicator(Reader, { layer, path: `/?since=${positions[0]}` });
    await client.connect();
    expect(JSON.parse((await client.receive()) as string)).toEqual({
      position: positions[2],
      recovered: true,
    });
    expect(await client.receive()).toBe("connected");
    await sent(layer, "four");
    for (const [index, text] of ["two", "three", "four"].entries()) {
      const event = JSON.parse((await client.receive()) as string) as object;
      expect(event).toMatchObject({ text, group: "news", id: text });
      if (index < 2) expect(event).toMatchObject({ position: positions[index + 1] });
    }
    await client.disconnect();
  });

  test("is told that it was not recovered, and gets nothing old", async () => {
    const layer = memoryLayer({ history });
    const [last] = await sent(layer, "old");
    const client = communicator(Reader, { layer, path: "/?since=yesterday" });
    await client.connect();
    expect(JSON.parse((await client.receive()) as string)).toEqual({
      position: last,
      recovered: false,
    });
    expect(await client.receive()).toBe("connected");
    await sent(layer, "new");
    expect(JSON.parse((await client.receive()) as string)).toMatchObject({ text: "new" });
    await client.disconnect();
  });
});
