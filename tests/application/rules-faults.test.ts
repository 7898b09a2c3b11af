import {
  type Application,
  memoryLayer,
  route,
  router,
  UsageError,
  WebSocketConsumer,
} from "sluice";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { Gate } from "./gate.ts";
import { Rig, settle } from "./rig.ts";

const bug = () => {
  throw new Error("bug");
};

describe("after the connection was accepted", () => {
  class Fragile extends WebSocketConsumer {
    override async connect() {
      await this.join("room");
    }
    override receive(text: string): void | Promise<unknown> {
      if (text === "throw") bug();
      if (text === "reject") return settle().then(bug);
      this.send(text);
    }
    "room.note"({ text }: { readonly text: string }) {
      this.send(`note: ${text}`);
    }
    "room.bug"() {
      if (this.params !== undefined) bug();
    }
  }

  for (const how of ["throw", "reject"]) {
    test(`a handler that fails (${how}) closes its connection with 1011, and no other`, async () => {
      const layer = memoryLayer();
      const [broken, well] = [communicator(Fragile, { layer }), communicator(Fragile, { layer })];
      await broken.connect();
      await well.connect();

      broken.send(how);

      expect(await broken.closed()).toEqual({ code: 1011, reason: "internal error" });
      await broken.disconnect();
      expect(broken.errors).toMatchObject([{ error: { message: "bug" }, phase: "receive" }]);
      await layer.groupSend("room", { type: "room.note", text: "still here" });
      expect(await well.receive()).toBe("note: still here");
      well.send("me too");
      expect(await well.receive()).toBe("me too");
      expect(well.errors).toEqual([]);
    });
  }

  test("a layer message that breaks its handler ends each of its receivers, and not its sender", async () => {
    const layer = memoryLayer();
    const one = communicator(Fragile, { layer });
    await one.connect();
    await settle();
    await layer.groupSend("room", { type: "room.bug" });
    expect(await one.closed()).toMatchObject({ code: 1011 });
    expect(one.errors).toMatchObject([{ error: { message: "bug" }, phase: "event" }]);
  });

  test("reject closes with 1008", () => {
    const rig = Rig.start((_scope, socket) => ({ text: () => socket.reject(403) }));
    rig.instance.onText("x");
    expect(rig.link.lines).toEqual(["accept", "close 1008"]);
  });

  test("something that cannot be sent is a mistake of its sender", () => {
    for (const nonsense of [undefined, null, 7, {}, [], new ArrayBuffer(1)]) {
      const rig = Rig.start((_scope, socket) => ({
        name: "Chat",
        text: () => socket.send(nonsense as string),
      }));
      rig.instance.onText("x");
      expect(rig.reports).toEqual(["Chat receive: ERR_SEND_DATA"]);
      expect(rig.link.lines).toEqual(["accept", "close 1011 internal error"]);
    }
  });

  test("nothing is handled after the failure, and nothing fails twice", () => {
    const seen: string[] = [];
    const rig = Rig.start((_scope, socket) => ({
      text(message) {
        seen.push(message);
        rig.instance.onText("waits");
        rig.instance.deliver({ type: "a.b" }, {});
        if (message === "close") socket.close(4000, "done");
        else bug();
      },
      event: ({ type }) => void seen.push(type),
    }));
    rig.instance.onText("break");
    rig.instance.deliver({ type: "a.b" }, {});
    expect(seen).toEqual(["break"]);
    expect(rig.link.lines).toEqual(["accept", "close 1011 internal error"]);
  });
});

describe("a kind of message that nobody handles", () => {
  class Deaf extends WebSocketConsumer {}
  class TextOnly extends WebSocketConsumer {
    override receive() {}
  }
  class BytesOnly extends WebSocketConsumer {
    override receiveBytes() {}
  }
  const bare: Application = () => ({});
  const cases: [who: string, application: Application, text: boolean, bytes: boolean][] = [
    ["Deaf", Deaf.toApplication(), false, false],
    ["TextOnly", TextOnly.toApplication(), true, false],
    ["BytesOnly", BytesOnly.toApplication(), false, true],
    ["bare", bare, false, false],
    ["namesake", () => ({ name: "namesake", text() {} }), true, false],
  ];

  for (const [who, application, text, bytes] of cases) {
    test(`closes the connection of ${who} with 1003, and the report names it`, () => {
      for (const [kind, handled] of [["text", text] as const, ["binary", bytes] as const]) {
        const rig = new Rig(application);
        rig.instance.start();
        if (kind === "text") rig.instance.onText("x");
        else rig.instance.onBytes(Uint8Array.of(1));
        expect(rig.reports).toEqual(handled ? [] : [`${who} receive: ERR_KIND_NOT_HANDLED`]);
        const close = `close 1003 ${kind} messages are not supported here`;
        expect(rig.link.lines).toEqual(handled ? ["accept"] : ["accept", close]);
      }
    });
  }

  test("is named after its consumer behind a router, too", async () => {
    const rig = new Rig(router([route("/", Deaf)]));
    rig.instance.start();
    rig.instance.onText("x");
    expect(rig.reports).toEqual(["Deaf receive: ERR_KIND_NOT_HANDLED"]);
  });
});

describe("a layer message that nobody handles", () => {
  class Chat extends WebSocketConsumer {
    override async connect() {
      await this.join("room");
    }
    "chat.text"({ text }: { readonly text: string }) {
      this.send(text);
    }
  }

  test("is reported and dropped, and the connection lives", async () => {
    const layer = memoryLayer();
    const client = communicator(Chat, { layer });
    await client.connect();
    await layer.groupSend("room", { type: "chat.unknown" });
    await expect(client.receive()).rejects.toMatchObject({
      code: "ERR_EVENT_NOT_HANDLED",
      message:
        'Chat has no method "chat.unknown" for a layer message of that type, which was dropped',
    });
    await layer.groupSend("room", { type: "chat.text", text: "alive" });
    expect(await client.receive()).toBe("alive");
    await client.disconnect();
  });

  test("names a bare handler, which has no event at all", () => {
    const rig = Rig.start({ name: "bell" });
    rig.instance.deliver({ type: "a.b" }, {});
    expect(rig.reports).toEqual(["bell event: ERR_EVENT_NOT_HANDLED"]);
    expect(rig.link.lines).toEqual(["accept"]);
  });

  test("costs nothing if it is a gap: whoever has no history needs no method for it", () => {
    const rig = Rig.start({});
    rig.instance.gap({ group: "room", lastSeen: "1" });
    expect([rig.reports, rig.link.lines]).toEqual([[], ["accept"]]);
  });
});

describe("a handler that was let go", () => {
  const strays: unknown[] = [];
  const onStray = (error: unknown) => void strays.push(error);
  beforeEach(() => void process.on("unhandledRejection", onStray));
  afterEach(() => void process.off("unhandledRejection", onStray));

  const places: [where: string, start: (wait: () => Promise<void>) => Rig, phase: string][] = [
    ["connect", (wait) => Rig.start({ name: "Chat", open: wait }), "Chat connect: too late"],
    [
      "a message",
      (wait) => {
        const rig = Rig.start({ name: "Chat", text: wait });
        rig.instance.onText("x");
        return rig;
      },
      "Chat receive: too late",
    ],
    [
      "disconnect",
      (wait) => Rig.start({ name: "Chat", disconnect: wait }),
      "Chat disconnect: too late",
    ],
    [
      "the application itself",
      (wait) => {
        const rig = new Rig(async function chat() {
          await wait();
          return {};
        });
        rig.instance.start();
        return rig;
      },
      "chat connect: too late",
    ],
  ];

  for (const [where, start, report] of places) {
    test(`in ${where} and rejects late is reported, and never an unhandled rejection`, async () => {
      const gate = new Gate();
      const rig = start(() => gate.passed);
      rig.instance.onEnd(1006, "");
      rig.clock.advance(20_000);
      rig.reports.splice(0);
      gate.refuse(new Error("too late"));
      await settle();
      await settle();
      expect(rig.reports).toEqual([report]);
      expect([rig.finished, strays]).toEqual([1, []]);
    });

    test(`in ${where} and resolves late does no harm`, async () => {
      const gate = new Gate();
      const rig = start(() => gate.passed);
      rig.instance.onEnd(1006, "");
      rig.clock.advance(20_000);
      rig.reports.splice(0);
      rig.link.lines.splice(0);
      gate.open();
      await settle();
      expect(rig.reports).toEqual([]);
      expect(rig.link.lines.filter((line) => line !== "flush")).toEqual([]);
      expect([rig.finished, rig.clock.timers, strays]).toEqual([1, 0, []]);
    });
  }

  test("while it connected, and goes on, can neither join nor be joined", async () => {
    const gate = new Gate();
    let caught: unknown;
    const rig = Rig.start((_scope, socket) => ({
      async open() {
        await gate.passed;
        await socket.join("room").catch((error: unknown) => {
          caught = error;
        });
      },
    }));
    rig.clock.advance(10_000);
    expect(rig.link.lines).toEqual(["reject 503"]);
    gate.open();
    await settle();
    expect(caught).toBeInstanceOf(UsageError);
    expect(caught).toMatchObject({ code: "ERR_CONNECTION_ENDED" });
  });
});
