import { route, router, type Scope, type Socket, WebSocketConsumer } from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { TestError } from "../../src/testing/inbox.ts";

/** Does as it is told: `echo …`, `json`, `bytes`, `close`, `throw`, `nothing`. */
class Obedient extends WebSocketConsumer {
  override receive(text: string): void | Promise<unknown> {
    const [word, ...rest] = text.split(" ");
    if (word === "echo") this.send(rest.join(" "));
    if (word === "json") this.send(JSON.stringify({ of: JSON.parse(rest.join(" ")) as unknown }));
    if (word === "bytes") this.send(Uint8Array.of(1, 2, 3));
    if (word === "close") this.close(4000, "as told");
    if (word === "throw") throw new Error("as told");
    if (word === "reject") return Promise.reject(new Error("as told"));
  }
  override receiveBytes(bytes: Uint8Array) {
    this.send(bytes);
  }
}

async function connected(options?: Parameters<typeof communicator>[1]) {
  const client = communicator(Obedient, options);
  await client.connect();
  return client;
}

describe("connect resolves with the answer", () => {
  test("of whoever accepts, with the subprotocol and the headers", async () => {
    const client = communicator(
      (_scope, socket) => ({
        open: () =>
          socket.accept({ subprotocol: "chat", headers: { "set-cookie": ["a=1", "b=2"] } }),
      }),
      { subprotocols: ["chat"] },
    );
    expect(await client.connect()).toEqual({
      accepted: true,
      subprotocol: "chat",
      headers: { "set-cookie": ["a=1", "b=2"] },
    });
  });

  test("of whoever accepts without a word", async () => {
    expect(await communicator(() => ({})).connect()).toEqual({
      accepted: true,
      subprotocol: undefined,
      headers: {},
    });
  });

  test("of whoever refuses, with status, headers and body", async () => {
    const client = communicator((_scope, socket) => {
      socket.reject(429, { headers: { "retry-after": "5" }, body: "slow down" });
      return {};
    });
    expect(await client.connect()).toEqual({
      accepted: false,
      status: 429,
      headers: { "retry-after": "5" },
      body: "slow down",
    });
    await expect(client.receive()).rejects.toMatchObject({
      code: "ERR_TEST_CLOSED",
      message: "the connection was refused with 429: slow down",
    });
  });

  test("404 for a path that no route has", async () => {
    const routes = router([route("/chat/:room/", Obedient)]);
    const client = communicator(routes, { path: "/chat/" });
    expect(await client.connect()).toMatchObject({ accepted: false, status: 404 });
    client.send("nobody hears this");
    await client.disconnect();
    expect(await communicator(routes, { path: "/chat/a/" }).connect()).toMatchObject({
      accepted: true,
    });
  });

  test("500 if the application fails, whose error is kept", async () => {
    const client = communicator(() => {
      throw new Error("broken");
    });
    expect(await client.connect()).toMatchObject({ accepted: false, status: 500 });
    expect(client.errors).toMatchObject([{ error: { message: "broken" }, phase: "connect" }]);
    await expect(client.receive()).rejects.toThrow("broken");
  });

  test("500 for what a server could not send either", async () => {
    const impossible: ((socket: Socket) => void)[] = [
      (socket) => socket.accept({ headers: { "x-bad": "line\r\nbreak" } }),
      (socket) => socket.accept({ headers: { upgrade: "h2c" } }),
      (socket) => socket.reject(401, { headers: { "bad name": "x" } }),
      (socket) => socket.reject(200),
    ];
    for (const open of impossible) {
      const client = communicator((_scope, socket) => ({ open: () => open(socket) }));
      expect(await client.connect()).toMatchObject({ accepted: false, status: 500 });
      expect(client.errors).toHaveLength(1);
    }
  });

  test("nothing in time, if nobody answers", async () => {
    const client = communicator(() => new Promise(() => {}));
    await expect(client.connect(1)).rejects.toMatchObject({
      code: "ERR_TEST_TIMEOUT",
      message: "no answer came within 1 ms",
    });
    await client.disconnect();
  });
});

describe("a path", () => {
  test("is decoded and has a query, as a server would see it", async () => {
    let scope: Scope | undefined;
    const see = (seen: Scope) => {
      scope = seen;
      return {};
    };
    await communicator(router([route("/café/:what/", see)]), {
      path: "/caf%C3%A9/a%20b/?x=1",
    }).connect();
    expect([scope?.path, scope?.query.get("x"), scope?.params]).toEqual([
      "/café/a b/",
      "1",
      { what: "a b" },
    ]);
  });

  test("that no client could ask for is a mistake of the test", () => {
    for (const path of ["chat", "", "/%zz"]) {
      expect(() => communicator(Obedient, { path })).toThrow(
        `the path ${JSON.stringify(path)} of communicator is none that a client can ask for`,
      );
    }
  });
});

describe("messages", () => {
  test("go to and fro, as text, as JSON and as bytes", async () => {
    const client = await connected();
    client.send("echo hello");
    expect(await client.receive()).toBe("hello");
    client.send("json [1]");
    expect(await client.receiveJson()).toEqual({ of: [1] });
    client.send(Uint8Array.of(7, 8));
    expect(await client.receive()).toEqual(Uint8Array.of(7, 8));
    await client.disconnect();
  });

  test("of a sender that changes its bytes afterwards stay as they were sent", async () => {
    const client = communicator((_scope, socket) => ({
      text() {
        const bytes = Uint8Array.of(1);
        socket.send(bytes);
        bytes[0] = 2;
      },
    }));
    await client.connect();
    client.send("x");
    expect(await client.receive()).toEqual(Uint8Array.of(1));
  });

  test("are sent as JSON, and what is received as JSON has to be text", async () => {
    const seen: string[] = [];
    const client = communicator((_scope, socket) => ({
      text(text) {
        seen.push(text);
        socket.send(Uint8Array.of(1, 2, 3));
      },
    }));
    await client.connect();
    client.sendJson({ a: [1, null] });
    expect(seen).toEqual(['{"a":[1,null]}']);
    await expect(client.receiveJson()).rejects.toThrow("a binary message of 3 bytes came");
  });

  test("can be awaited before they come, by several at once, in order", async () => {
    const client = await connected();
    const both = Promise.all([client.receive(), client.receive()]);
    client.send("echo one");
    client.send("echo two");
    expect(await both).toEqual(["one", "two"]);
  });

  test("that do not come in time are an error that says how long it waited", async () => {
    const client = await connected();
    const late = client.receive(1);
    await expect(late).rejects.toBeInstanceOf(TestError);
    await expect(late).rejects.toMatchObject({
      code: "ERR_TEST_TIMEOUT",
      message: "no message came within 1 ms",
    });
    client.send("echo still here");
    expect(await client.receive()).toBe("still here");
  });

  test("receiveNothing tells silence from a message or an error, and takes neither", async () => {
    const client = await connected();
    expect(await client.receiveNothing(1)).toBe(true);
    client.send("echo something");
    expect(await client.receiveNothing(1)).toBe(false);
    expect(await client.receive()).toBe("something");
    client.send("throw");
    expect(await client.receiveNothing(1)).toBe(false);
    await expect(client.receive()).rejects.toThrow("as told");
  });
});

describe("an error of the application's own", () => {
  for (const how of ["throw", "reject"]) {
    test(`(${how}) is raised by receive, after the messages before it and before the end`, async () => {
      const client = await connected();
      client.send("echo before");
      client.send(how);
      expect(await client.receive()).toBe("before");
      await expect(client.receive()).rejects.toThrow("as told");
      await expect(client.receive()).rejects.toMatchObject({
        code: "ERR_TEST_CLOSED",
        message: "the connection was closed with 1011 internal error",
      });
      expect(client.errors).toMatchObject([{ error: { message: "as told" }, phase: "receive" }]);
    });
  }

  test("reaches whoever already waits", async () => {
    const client = await connected();
    const waiting = client.receive();
    client.send("throw");
    await expect(waiting).rejects.toThrow("as told");
  });

  test("is no unhandled rejection if nobody asks", async () => {
    const client = await connected();
    client.send("reject");
    await client.disconnect();
    expect(client.errors).toHaveLength(1);
  });
});

describe("the end", () => {
  test("by the application is told with its code and reason, and receive says so, too", async () => {
    const client = await connected();
    client.send("echo last words");
    client.send("close");
    expect(await client.closed()).toEqual({ code: 4000, reason: "as told" });
    expect(await client.receive()).toBe("last words");
    await expect(client.receive()).rejects.toMatchObject({
      code: "ERR_TEST_CLOSED",
      message: "the connection was closed with 4000 as told",
    });
  });

  test("by the client resolves when the application has let go, and not before", async () => {
    let release = () => {};
    const client = communicator(() => ({
      disconnect: () => new Promise<void>((resolve) => (release = resolve)),
    }));
    await client.connect();
    let over = false;
    const gone = client.disconnect().then(() => (over = true));
    expect(await client.closed()).toEqual({ code: 1000, reason: "" });
    expect(over).toBe(false);
    release();
    await gone;
    expect(over).toBe(true);
  });

  test("may be without a code, or without a close frame, but not with a code that cannot be sent", async () => {
    const codes: number[] = [];
    for (const code of [1005, 1006, 3000]) {
      const client = communicator(() => ({ disconnect: (got) => void codes.push(got) }));
      await client.connect();
      await client.disconnect(code);
    }
    expect(codes).toEqual([1005, 1006, 3000]);
    const client = await connected();
    await expect(client.disconnect(1015)).rejects.toMatchObject({ code: "ERR_CLOSE_CODE" });
    await expect(client.disconnect(1000, "x".repeat(124))).rejects.toMatchObject({
      code: "ERR_CLOSE_REASON",
    });
  });

  test("by both has the code of the one who closed first", async () => {
    const codes: number[] = [];
    const client = communicator((_scope, socket) => ({
      text: () => socket.close(4000),
      disconnect: (code) => void codes.push(code),
    }));
    await client.connect();
    client.send("close");
    await client.disconnect(1001);
    expect(codes).toEqual([4000]);
  });

  test("is not told in time if nobody ends it", async () => {
    const client = await connected();
    await expect(client.closed(1)).rejects.toThrow("no close frame came within 1 ms");
  });

  test("of a handler that hangs comes when the clock says so", async () => {
    const clock = new FakeClock();
    const client = communicator(() => ({ text: () => new Promise(() => {}) }), {
      clock,
      limits: { disconnectTimeout: 500 },
    });
    await client.connect();
    client.send("hang");
    const gone = client.disconnect();
    clock.advance(500);
    await gone;
    expect(client.errors).toMatchObject([{ error: { code: "ERR_HANDLER_TIMEOUT" } }]);
  });
});
