import type { Socket } from "sluice";
import { communicator } from "sluice/testing";
import { describe, expect, it } from "vitest";
import { WrappedSocket } from "../../src/middleware/wrapped-socket.ts";

/** A connection whose application has its socket wrapped, and both of them. */
async function connect(open?: (socket: Socket) => void) {
  let inner: Socket | undefined;
  let wrapped: WrappedSocket | undefined;
  const client = communicator((_scope, socket) => {
    inner = socket;
    wrapped = new WrappedSocket(socket);
    return { open: () => open?.(wrapped!), text() {} };
  });
  const answer = await client.connect();
  return { client, answer, inner: inner!, wrapped: wrapped! };
}

describe("a wrapped socket", () => {
  it("does what the inner one does", async () => {
    const { client, inner, wrapped } = await connect();
    expect(wrapped.accepted).toBe(true);
    expect(wrapped.channel).toBe(inner.channel);
    expect(wrapped.signal).toBe(inner.signal);
    expect(wrapped.bufferedAmount).toBe(0);
    expect(await wrapped.join("room")).toEqual({});
    await wrapped.leave("room");
    await wrapped.drained();
    wrapped.pause();
    wrapped.resume();
    wrapped.send("hello");
    expect(await client.receive()).toBe("hello");
    wrapped.report(new Error("beside"), "receive", "handler");
    expect(client.errors).toMatchObject([{ error: { message: "beside" }, phase: "receive" }]);
    wrapped.close(4000, "enough");
    expect(await client.closed()).toEqual({ code: 4000, reason: "enough" });
    expect(wrapped.signal.aborted).toBe(true);
  });

  it("accepts what was left open, and nothing else", async () => {
    expect((await connect((socket) => (socket as WrappedSocket).settle())).answer).toMatchObject({
      accepted: true,
    });
    const refused = await connect((socket) => {
      socket.reject(404);
      (socket as WrappedSocket).settle();
    });
    expect(refused.answer).toMatchObject({ status: 404 });
    const closed = await connect((socket) => {
      socket.close();
      (socket as WrappedSocket).settle();
    });
    expect(closed.answer).toMatchObject({ status: 403 });
    expect([...refused.client.errors, ...closed.client.errors]).toEqual([]);
  });

  it("does not mind that somebody further out has refused", async () => {
    const client = communicator((_scope, socket) => ({
      open() {
        socket.reject(401);
        new WrappedSocket(socket).settle();
      },
    }));
    expect(await client.connect()).toMatchObject({ status: 401 });
    expect(client.errors).toEqual([]);
  });
});
