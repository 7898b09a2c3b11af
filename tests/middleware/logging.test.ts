import { logging, type LoggingOptions, stack, WebSocketConsumer } from "sluice";
import { communicator, type CommunicatorOptions, FakeClock } from "sluice/testing";
import { beforeEach, describe, expect, it } from "vitest";

class Echo extends WebSocketConsumer {
  override receive(text: string): void {
    this.send(text);
    this.send(text);
  }
}

const lines: object[] = [];
const log = { info: (fields: object, message: string) => lines.push({ message, ...fields }) };
beforeEach(() => void lines.splice(0));

const at = { path: "/chat/", address: "127.0.0.1" };

describe("the log of a connection", () => {
  it("has one line for its beginning and one for its end", async () => {
    const clock = new FakeClock();
    const client = communicator(stack(logging({ log, clock }), Echo), { path: "/chat/" });
    await client.connect();
    expect(lines).toEqual([{ message: "connection opened", ...at }]);
    client.send("ä");
    client.send("abc");
    clock.advance(1500.4);
    await client.disconnect(1001, "gone");
    expect(lines.slice(1)).toEqual([
      {
        message: "connection closed",
        ...at,
        code: 1001,
        duration: 1500,
        messagesIn: 2,
        bytesIn: 5,
        messagesOut: 4,
        bytesOut: 10,
      },
    ]);
  });

  it("has one line for a connection that is refused", async () => {
    const refusing = stack(logging({ log }), (_scope, socket) => ({
      open: () => socket.reject(403),
    }));
    expect(await communicator(refusing).connect()).toMatchObject({ status: 403 });
    expect(lines).toEqual([
      { message: "connection refused", path: "/", address: "127.0.0.1", status: 403 },
    ]);
  });

  it("has a line when the application accepts by itself, or later, too", async () => {
    const early = stack(logging({ log }), async (_scope, socket) => {
      socket.accept();
      return { open: () => Promise.resolve() };
    });
    const client = communicator(early, { path: "/chat/" });
    await client.connect();
    expect(lines).toEqual([{ message: "connection opened", ...at }]);
    await client.disconnect();
    expect(lines).toHaveLength(2);
  });

  it("has its last line also if the application fails behind its own back", async () => {
    const failing = stack(logging({ log }), async (_scope, socket) => {
      socket.accept();
      await Promise.resolve();
      throw new Error("broken");
    });
    const client = communicator(failing);
    await client.connect();
    expect(await client.closed()).toMatchObject({ code: 1011 });
    expect(lines.at(-1)).toMatchObject({ message: "connection closed", code: 1011 });
  });

  it("never tells what opens doors", async () => {
    const options: CommunicatorOptions = {
      path: "/chat/?token=hush-query",
      headers: { cookie: "connect.sid=hush-cookie", authorization: "Bearer hush-header" },
      subprotocols: ["bearer.hush-subprotocol"],
    };
    const client = communicator(stack(logging({ log }), Echo), options);
    await client.connect();
    client.send("hush-message");
    await client.disconnect(1000, "hush-reason");
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toContain("hush");
  });

  it("leaves the application as it is: what it does not take is 1003", async () => {
    const client = communicator(
      stack(logging({ log }), () => ({})),
      { path: "/chat/" },
    );
    await client.connect();
    client.send("hello");
    expect(await client.closed()).toMatchObject({ code: 1003 });
    expect(lines.at(-1)).toMatchObject({ code: 1003, messagesIn: 1 });
  });

  it("wants a logger", () => {
    const make = () => logging({ log: {} } as unknown as LoggingOptions);
    expect(make).toThrow(expect.objectContaining({ code: "ERR_INVALID_OPTION" }));
  });
});
