import {
  authenticate,
  type Handler,
  logging,
  memoryLayer,
  type Middleware,
  rateLimit,
  silentLogger,
  stack,
} from "sluice";
import { communicator } from "sluice/testing";
import { describe, expect, it } from "vitest";
import { WrappedHandler } from "../../src/middleware/wrapped-handler.ts";

const users = authenticate({ verify: ({ token }) => token ?? null, from: ["message"] });

/** Every middleware that puts a handler of its own around the application's. */
const wrapping: [string, Middleware][] = [
  ["logging", logging({ log: silentLogger })],
  ["rateLimit", rateLimit({ messages: 100 })],
  ["authenticate", users as unknown as Middleware],
];

describe.each(wrapping)("a handler behind %s", (name, middleware) => {
  it("gets all that it would get without it, in order", async () => {
    const calls: string[] = [];
    const layer = memoryLayer();
    const application = stack(
      middleware,
      (_scope, socket): Handler => ({
        async open() {
          await socket.join("room");
          calls.push("open");
        },
        text: (message) => void calls.push(message),
        bytes: (message) => void calls.push(`${message.length} bytes`),
        event: (message, { group }) => void calls.push(`${message.type} of ${group}`),
        disconnect: (code, reason) => void calls.push(`${code} ${reason}`),
      }),
    );
    const client = communicator(application, { layer });
    await client.connect();
    if (name === "authenticate") client.sendJson({ type: "auth", token: "ada" });
    client.send("text");
    client.send(new Uint8Array(3));
    await client.receiveNothing();
    await layer.groupSend("room", { type: "chat.message" });
    await client.disconnect(1000, "bye");
    expect(calls).toEqual(["open", "text", "3 bytes", "chat.message of room", "1000 bye"]);
    expect(client.errors).toEqual([]);
  });

  it("is closed with 1003 for what it does not take", async () => {
    for (const message of ["text", new Uint8Array(1)]) {
      const client = communicator(stack(middleware, () => ({})));
      await client.connect();
      if (name === "authenticate") client.sendJson({ type: "auth", token: "ada" });
      client.send(message);
      expect(await client.closed()).toMatchObject({ code: 1003 });
    }
  });
});

describe("a wrapped handler", () => {
  it("says of itself what the inner one says", () => {
    const layer = memoryLayer();
    const gaps: unknown[] = [];
    const inner: Handler = {
      name: "Chat",
      slow: "latest",
      concurrency: 3,
      layer,
      gap: (gap) => void gaps.push(gap),
    };
    const wrapped = new WrappedHandler(inner, "application");
    expect(wrapped).toMatchObject({ name: "Chat", slow: "latest", concurrency: 3, layer });
    void wrapped.gap({ group: "a", lastSeen: "1" });
    expect(gaps).toHaveLength(1);
    expect(new WrappedHandler({}, "application").name).toBe("application");
    expect(new WrappedHandler({}, "").name).toBe("handler");
  });
});
