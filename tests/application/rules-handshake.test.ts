import {
  consumer,
  type Handler,
  type Middleware,
  type Socket,
  stack,
  UsageError,
  WebSocketConsumer,
} from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { Gate } from "./gate.ts";
import { Rig, settle } from "./rig.ts";

/** A consumer that does something in `connect`, and keeps what comes of it. */
class Connecting extends WebSocketConsumer {
  readonly #what: (self: Connecting) => void | Promise<unknown>;

  constructor(what: (self: Connecting) => void | Promise<unknown>) {
    super();
    this.#what = what;
  }

  override connect() {
    return this.#what(this);
  }

  declare accept: Socket["accept"];
  declare reject: Socket["reject"];
  declare send: Socket["send"];
  declare close: Socket["close"];
  declare join: Socket["join"];
}

function connecting(what: (self: Connecting) => void | Promise<unknown>) {
  return communicator(consumer(Connecting, what));
}

/** What one failing `connect` comes to: how it is answered, and with which error code. */
async function outcome(what: (self: Connecting) => void | Promise<unknown>) {
  const client = connecting(what);
  const answer = await client.connect();
  const codes = client.errors.map(({ error, phase }) =>
    error instanceof UsageError ? `${phase}: ${error.code}` : `${phase}: ${String(error)}`,
  );
  return [answer.accepted ? 101 : answer.status, ...codes];
}

describe("before the connection is accepted", () => {
  test("returning from connect accepts it, at once or in the end", async () => {
    expect(await outcome(() => {})).toEqual([101]);
    expect(await outcome(() => settle())).toEqual([101]);
    expect(await outcome(() => settle().then(() => "whatever"))).toEqual([101]);
  });

  test("a handler without open accepts everybody", async () => {
    expect(await communicator(() => ({})).connect()).toMatchObject({ accepted: true });
  });

  test("a throw is a 500, wherever it happens", async () => {
    const bug = () => {
      throw new Error("bug");
    };
    expect(await outcome(bug)).toEqual([500, "connect: Error: bug"]);
    expect(await outcome(() => settle().then(bug))).toEqual([500, "connect: Error: bug"]);
    for (const application of [bug, () => Promise.reject(new Error("bug"))]) {
      const client = communicator(application as () => Handler);
      expect(await client.connect()).toMatchObject({ accepted: false, status: 500 });
      expect(client.errors).toMatchObject([{ error: { message: "bug" }, phase: "connect" }]);
    }
  });

  test("a throw tells the peer nothing of its cause", async () => {
    const client = connecting(() => {
      throw new Error("the password is swordfish");
    });
    expect(JSON.stringify(await client.connect())).not.toContain("swordfish");
  });

  test("whoever takes longer than connectTimeout gets a 503, and the error says how long that is", async () => {
    for (const slow of [
      () => new Promise<Handler>(() => {}),
      (): Handler => ({ open: () => new Promise(() => {}) }),
    ]) {
      const clock = new FakeClock();
      const client = communicator(slow, { clock, limits: { connectTimeout: 3000 } });
      const answer = client.connect();
      clock.advance(2999);
      expect(client.errors).toEqual([]);
      clock.advance(1);
      expect(await answer).toMatchObject({ accepted: false, status: 503 });
      expect(client.errors).toMatchObject([
        { phase: "connect", error: { code: "ERR_HANDLER_TIMEOUT" } },
      ]);
      expect(String(client.errors[0]?.error)).toContain("3000 ms");
    }
  });

  test("the deadline is lifted by accepting, by refusing and by the peer's leaving", () => {
    for (const decide of [
      (socket: Socket) => socket.accept(),
      (socket: Socket) => socket.reject(401),
      (socket: Socket) => (socket as Rig["instance"]).onEnd(1006, ""),
    ]) {
      const rig = new Rig(() => new Promise(() => {}));
      rig.instance.start();
      expect(rig.clock.timers).toBe(1);
      decide(rig.instance);
      expect(rig.clock.timers).toBe(0);
    }
  });

  test("whoever has accepted may take as long as it likes", () => {
    const rig = Rig.start((_scope, socket) => ({
      open() {
        socket.accept();
        return new Promise(() => {});
      },
    }));
    expect([rig.clock.timers, rig.instance.accepted]).toEqual([0, true]);
  });

  test("reject refuses with its status, headers and body, and connect goes on behind it", async () => {
    let wentOn = false;
    const client = connecting(async (self) => {
      self.reject(401, { headers: { "www-authenticate": "Bearer" }, body: "who are you?" });
      await settle();
      wentOn = true;
    });
    expect(await client.connect()).toEqual({
      accepted: false,
      status: 401,
      headers: { "www-authenticate": "Bearer" },
      body: "who are you?",
    });
    await client.disconnect();
    expect(wentOn).toBe(true);
    expect(client.errors).toEqual([]);
  });

  test("only the first refusal counts", async () => {
    expect(
      await outcome((self) => {
        self.reject(404);
        self.reject(500);
        self.close(4000);
      }),
    ).toEqual([404]);
  });

  test("close refuses with 403", async () => {
    expect(await outcome((self) => self.close())).toEqual([403]);
    expect(await outcome((self) => self.close(4001, "expired"))).toEqual([403]);
  });

  test("a status that refuses nothing is a mistake, told at the call", async () => {
    expect(await outcome((self) => self.reject(200))).toEqual([500, "connect: ERR_INVALID_OPTION"]);
  });
});

describe("after reject, nothing but reject may be called", () => {
  test("a join or a send throws, an accept too", async () => {
    const later: [(self: Connecting) => void | Promise<unknown>, string][] = [
      [(self) => self.join("room"), "ERR_CONNECTION_ENDED"],
      [(self) => self.send("hello"), "ERR_CONNECTION_ENDED"],
      [(self) => self.accept(), "ERR_CONNECTION_ENDED"],
    ];
    for (const [what, code] of later) {
      const client = connecting(async (self) => {
        self.reject(403);
        await what(self);
      });
      expect(await client.connect()).toMatchObject({ status: 403 });
      await client.disconnect();
      expect(client.errors).toMatchObject([{ error: { code }, phase: "connect" }]);
    }
  });

  test("nothing of the connection stays on the layer", async () => {
    const seen: unknown[] = [];
    const rig = Rig.start((_scope, socket) => ({
      async open() {
        await socket.join("room");
        socket.reject(403);
        await rig.layer.groupSend("room", { type: "room.note" });
      },
      event: (message) => void seen.push(message),
    }));
    await settle();
    await rig.layer.groupSend("room", { type: "room.note" });
    expect(seen).toEqual([]);
    expect(rig.finished).toBe(1);
  });
});

describe("accept", () => {
  test("may come before connect returns, with a subprotocol and headers", async () => {
    const client = communicator(
      consumer(Connecting, (self) => {
        self.accept({ subprotocol: "chat.v2", headers: { "set-cookie": "a=b" } });
        self.send("welcome");
      }),
      { subprotocols: ["chat.v1", "chat.v2"] },
    );
    expect(await client.connect()).toEqual({
      accepted: true,
      subprotocol: "chat.v2",
      headers: { "set-cookie": "a=b" },
    });
    expect(await client.receive()).toBe("welcome");
  });

  test("twice is a mistake, by then a 1011", async () => {
    const client = connecting((self) => {
      self.accept();
      self.accept();
    });
    expect(await client.connect()).toMatchObject({ accepted: true });
    expect(await client.closed()).toMatchObject({ code: 1011 });
    expect(client.errors).toMatchObject([{ error: { code: "ERR_ALREADY_ACCEPTED" } }]);
  });

  test("with a subprotocol that was not offered is a 500 and names those that were", async () => {
    const client = communicator(
      consumer(Connecting, (self) => self.accept({ subprotocol: "mqtt" })),
      { subprotocols: ["chat.v1", "chat.v2"] },
    );
    expect(await client.connect()).toMatchObject({ status: 500 });
    expect(client.errors).toMatchObject([{ error: { code: "ERR_SUBPROTOCOL" } }]);
    expect(String(client.errors[0]?.error)).toContain(
      'subprotocol "mqtt" was not offered by the client; offered: chat.v1, chat.v2',
    );
    expect(await outcome((self) => self.accept({ subprotocol: "mqtt" }))).toEqual([
      500,
      "connect: ERR_SUBPROTOCOL",
    ]);
  });

  test("comes first: a send before it is a 500", async () => {
    expect(await outcome((self) => self.send("too early"))).toEqual([
      500,
      "connect: ERR_NOT_ACCEPTED",
    ]);
  });

  test("of a peer that has left does nothing", async () => {
    const gate = new Gate();
    const rig = Rig.start((_scope, socket) => ({
      async open() {
        await gate.passed;
        socket.accept();
        socket.send("hello");
      },
    }));
    rig.instance.onEnd(1006, "");
    gate.open();
    await settle();
    expect(rig.reports).toEqual([]);
    expect(rig.link.lines).not.toContain("accept");
    expect(rig.instance.accepted).toBe(false);
  });
});

describe("an application", () => {
  test("that gives back something else than a handler is a 500", async () => {
    for (const nonsense of [undefined, null, 7, "handler"]) {
      for (const given of [nonsense, Promise.resolve(nonsense)]) {
        const client = communicator((() => given) as unknown as () => Handler);
        expect(await client.connect()).toMatchObject({ status: 500 });
        expect(client.errors).toMatchObject([{ error: { code: "ERR_NOT_A_CONSUMER" } }]);
      }
    }
  });

  test("may give a promise of another make, and nobody comes in before it settles", async () => {
    const foreign = { then: (_: unknown, reject: (why: Error) => void) => reject(new Error("no")) };
    const client = communicator((() => foreign) as unknown as () => Promise<Handler>);
    expect(await client.connect()).toMatchObject({ accepted: false, status: 500 });
  });

  test("may be refused by middleware, and then its handler hears nothing", async () => {
    const calls: string[] = [];
    const guard: Middleware = (inner) => async (scope, socket) => {
      socket.reject(401);
      return inner(scope, socket);
    };
    const handler: Handler = {
      open: () => void calls.push("open"),
      disconnect: () => void calls.push("disconnect"),
    };
    const client = communicator(stack(guard, () => handler));
    expect(await client.connect()).toMatchObject({ accepted: false, status: 401 });
    await client.disconnect();
    expect(calls).toEqual([]);
  });
});
