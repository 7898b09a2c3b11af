import {
  memoryLayer,
  type Middleware,
  route,
  router,
  type Scope,
  type Socket,
  stack,
  WebSocketConsumer,
} from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

describe("a communicator", () => {
  test("meets another one on the layer that they share, and on no other", async () => {
    class Chat extends WebSocketConsumer {
      override async connect() {
        await this.join("chat");
      }
      override receive(text: string) {
        return this.layer.groupSend("chat", { type: "chat.text", text });
      }
      "chat.text"({ text }: { readonly text: string }) {
        this.send(text);
      }
    }
    const layer = memoryLayer();
    const [ann, bo] = [communicator(Chat, { layer }), communicator(Chat, { layer })];
    const stranger = communicator(Chat);
    for (const client of [ann, bo, stranger]) await client.connect();
    ann.send("hello");
    expect(await Promise.all([ann.receive(), bo.receive()])).toEqual(["hello", "hello"]);
    expect(await stranger.receiveNothing(1)).toBe(true);
  });

  test("has a scope as middleware would have left it", async () => {
    type WithUser = Scope & { readonly user: string; readonly roles: readonly string[] };
    class Private extends WebSocketConsumer<WithUser> {
      override connect() {
        if (!this.scope.roles.includes("admin")) this.reject(403);
      }
      override receive() {
        this.send(this.scope.user);
      }
    }
    const admin = communicator(Private, { scope: { user: "ann", roles: ["admin"] } });
    expect(await admin.connect()).toMatchObject({ accepted: true });
    admin.send("who am I?");
    expect(await admin.receive()).toBe("ann");
    const guest = communicator(Private, { scope: { user: "bo", roles: [] } });
    expect(await guest.connect()).toMatchObject({ accepted: false, status: 403 });
  });

  test("keeps what was preset behind a router, with the parameters of the route", async () => {
    const seen: unknown[] = [];
    const rooms = router([
      route("/rooms/:room/", (scope: Scope & { readonly user: string }) => {
        seen.push(scope.user, scope.params);
        return {};
      }),
    ]);
    await communicator(rooms, { path: "/rooms/lobby/", scope: { user: "ann" } }).connect();
    expect(seen).toEqual(["ann", { room: "lobby" }]);
  });

  test("drives middleware, too", async () => {
    const shout: Middleware = (inner) => async (scope, socket) =>
      inner(
        scope,
        Object.assign(Object.create(socket) as Socket, {
          send: (data: string) => socket.send(data.toUpperCase()),
        }),
      );
    const client = communicator(
      stack(shout, (_scope, socket) => ({
        text: (text) => socket.send(text),
      })),
    );
    await client.connect();
    client.send("hello");
    expect(await client.receive()).toBe("HELLO");
  });

  test("has the limits that it is given, and those of the route before them", async () => {
    const hanging = () => new Promise<never>(() => {});
    const routes = router([
      route("/slow/", hanging, { limits: { connectTimeout: 700 } }),
      route("/plain/", hanging),
    ]);
    for (const [path, deadline] of [
      ["/slow/", 700],
      ["/plain/", 300],
    ] as const) {
      const clock = new FakeClock();
      const client = communicator(routes, { path, clock, limits: { connectTimeout: 300 } });
      const answer = client.connect();
      clock.advance(deadline - 1);
      expect(client.errors).toEqual([]);
      clock.advance(1);
      expect(await answer).toMatchObject({ status: 503 });
    }
  });

  test("is closed with 4008 if its handler is slower than its groups", async () => {
    const layer = memoryLayer();
    const client = communicator(
      (_scope, socket) => ({
        open: () => socket.join("news"),
        event: () => new Promise(() => {}),
      }),
      { layer, limits: { mailboxMessages: 1 } },
    );
    await client.connect();
    for (let count = 0; count < 3; count++) await layer.groupSend("news", { type: "news.flash" });
    expect(await client.closed()).toEqual({
      code: 4008,
      reason: "1 layer messages wait for a slow handler",
    });
  });
});
