import { JsonWebSocketConsumer, streams, WebSocketConsumer } from "sluice";
import { communicator } from "sluice/testing";
import { describe, expect, test } from "vitest";

class Greeter extends JsonWebSocketConsumer {
  override connect() {
    this.accept();
    this.sendJson("welcome");
  }
  override receiveJson(value: unknown) {
    if (value === "throw") throw new Error("as told");
    if (value === "close") this.close(4000, "as told");
    else this.sendJson({ hello: value });
  }
}

class Closed extends WebSocketConsumer {
  override connect() {
    this.reject(403, { body: "no" });
  }
}

async function connected() {
  const client = communicator(streams({ one: Greeter, two: Greeter, no: Closed }));
  await client.connect();
  return client;
}

describe("a stream of a communicator", () => {
  test("gets its payloads, also from before it was asked for, and no others", async () => {
    const client = await connected();
    const one = client.stream("one");
    expect(await one.receive()).toBe("welcome");
    one.send("world");
    expect(await one.receive()).toEqual({ hello: "world" });
    expect(await one.receiveNothing()).toBe(true);
    expect(await client.receiveJson()).toEqual({ stream: "two", payload: "welcome" });
    expect(client.stream("one")).toBe(one);
  });

  test("tells how it ended, and why", async () => {
    const client = await connected();
    const [one, two] = [client.stream("one"), client.stream("two")];
    await one.receive();
    await two.receive();
    one.send("close");
    expect(await one.closed()).toEqual({ code: 4000, reason: "as told" });
    two.send("throw");
    await expect(two.receive()).rejects.toMatchObject({
      code: "ERR_TEST_CLOSED",
      message: 'the stream "two" was closed with 1011 internal error',
      cause: new Error("as told"),
    });
    expect(await client.stream("no").refused()).toEqual({ status: 403, body: "no" });
    await expect(client.stream("no").receive()).rejects.toThrow("was refused with 403");
  });

  test("ends by the client, or with the connection", async () => {
    const client = await connected();
    const [one, two] = [client.stream("one"), client.stream("two")];
    await two.receive();
    one.close();
    two.send("still here");
    expect(await two.receive()).toEqual({ hello: "still here" });
    await client.disconnect();
    await expect(two.receive()).rejects.toThrow("the connection was closed with 1000");
    await expect(two.closed()).rejects.toMatchObject({ code: "ERR_TEST_CLOSED" });
  });
});
