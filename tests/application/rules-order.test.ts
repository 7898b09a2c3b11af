import { type Handler, type LayerMessage, type Middleware, stack, WebSocketConsumer } from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { Gate } from "./gate.ts";
import { Rig, settle } from "./rig.ts";

/** A handler that writes down when it is called, and when what it waits for has come. */
function notingHandler(lines: string[], wait: (what: string) => Promise<void>): Handler {
  const note = async (what: string) => {
    lines.push(`${what} begins`);
    await wait(what);
    lines.push(`${what} ends`);
  };
  return {
    text: note,
    bytes: (bytes) => note(`bytes ${bytes.join()}`),
    event: (message) => note(message.type),
    gap: (gap) => note(`gap in ${gap.group}`),
  };
}

describe("one at a time, in order", () => {
  test("go the peer's messages, layer messages and gaps, whatever each waits for", async () => {
    const lines: string[] = [];
    const waits = [new Gate(), Promise.resolve(), Promise.resolve().then(settle), settle()];
    let turn = 0;
    const rig = Rig.start(
      notingHandler(lines, async () => {
        const wait = waits[turn++];
        await (wait instanceof Gate ? wait.passed : wait);
      }),
    );
    rig.instance.onText("text");
    rig.instance.deliver({ type: "a.event" }, {});
    rig.instance.onBytes(Uint8Array.of(1, 2));
    rig.instance.gap({ group: "lobby", lastSeen: "7" });
    await settle();
    expect(lines).toEqual(["text begins"]);

    (waits[0] as Gate).open();
    await settle();
    await settle();

    const order = ["text", "a.event", "bytes 1,2", "gap in lobby"];
    expect(lines).toEqual(order.flatMap((what) => [`${what} begins`, `${what} ends`]));
  });

  test("a rejection ends the connection, and what waited is never handled", async () => {
    const seen: string[] = [];
    const rig = Rig.start({
      async text(message) {
        seen.push(message);
        await settle();
        throw new Error("no");
      },
      event: (message) => void seen.push(message.type),
    });
    rig.instance.onText("one");
    rig.instance.onText("two");
    rig.instance.deliver({ type: "a.b" }, {});
    await settle();
    await settle();
    expect(seen).toEqual(["one"]);
  });

  test("what a handler sends to its own group comes after the present handler", async () => {
    const lines: string[] = [];
    class Echo extends WebSocketConsumer {
      override async connect() {
        await this.join("echo");
      }
      override receive(text: string) {
        lines.push(`receive ${text}`);
        void this.layer.groupSend("echo", { type: "echo.text", text });
        lines.push("received");
      }
      "echo.text"({ text }: { readonly text: string }) {
        lines.push(`event ${text}`);
      }
    }
    const client = communicator(Echo);
    await client.connect();
    await settle();
    client.send("one");
    expect(lines).toEqual(["receive one", "received", "event one"]);
    await client.disconnect();
  });

  test("a message that arrives inside a handler waits for it, however deep it goes", () => {
    const lines: string[] = [];
    const rig = Rig.start({
      text(message) {
        lines.push(`${message} begins`);
        if (message.length < 4) rig.instance.onText(`${message}!`);
        lines.push(`${message} ends`);
      },
    });
    rig.instance.onText("a");
    expect(lines).toEqual(
      ["a", "a!", "a!!", "a!!!"].flatMap((message) => [`${message} begins`, `${message} ends`]),
    );
  });
});

describe("an idle handler", () => {
  test("is called at once: a message is a plain call", () => {
    const seen: unknown[] = [];
    const message: LayerMessage = { type: "a.b" };
    const delivery = { group: "lobby" };
    const rig = Rig.start({
      open: () => void seen.push("open"),
      text: (text) => void seen.push(text),
      event: (event, how) => void seen.push(event, how),
    });
    rig.instance.onText("one");
    rig.instance.deliver(message, delivery);
    expect(seen).toEqual(["open", "one", message, delivery]);
    expect(seen[2]).toBe(message);
    expect(seen[3]).toBe(delivery);
    expect(rig.instance.busy).toBe(false);
  });

  test("is called at once again when its promise has settled and its queue is empty", async () => {
    const seen: string[] = [];
    const rig = Rig.start({ text: async (text) => void seen.push(text) });
    rig.instance.onText("one");
    await settle();
    rig.instance.onText("two");
    expect(seen).toEqual(["one", "two"]);
  });
});

describe("what arrives while the connection is still being made", () => {
  test("waits for an async connect", async () => {
    const gate = new Gate();
    const lines: string[] = [];
    class Slow extends WebSocketConsumer {
      override async connect() {
        await this.join("room");
        this.accept();
        await gate.passed;
        lines.push("connected");
      }
      override receive(text: string) {
        lines.push(text);
      }
      "room.note"({ text }: { readonly text: string }) {
        lines.push(text);
      }
    }
    const layer = new Rig(() => ({})).layer;
    const client = communicator(Slow, { layer });
    await client.connect();
    client.send("from the peer");
    await layer.groupSend("room", { type: "room.note", text: "from the room" });
    await settle();
    expect(lines).toEqual([]);

    gate.open();
    await settle();

    expect(lines).toEqual(["connected", "from the peer", "from the room"]);
    await client.disconnect();
  });

  test("waits for middleware that has accepted and joined before there is a handler", async () => {
    const gate = new Gate();
    const lines: string[] = [];
    const welcoming: Middleware = (inner) => async (scope, socket) => {
      await socket.join("room");
      socket.accept();
      await gate.passed;
      return inner(scope, socket);
    };
    const handler: Handler = {
      open: () => void lines.push("open"),
      text: (text) => void lines.push(text),
      event: (message) => void lines.push(message.type),
    };
    const rig = new Rig(stack(welcoming, () => handler));
    rig.instance.start();
    await settle();
    rig.instance.onText("early");
    await rig.layer.groupSend("room", { type: "room.note" });
    expect(lines).toEqual([]);

    gate.open();
    await settle();

    expect(lines).toEqual(["open", "early", "room.note"]);
    expect(rig.link.lines).toEqual(["accept"]);
  });

  test("is nothing to a handler whose peer was refused", async () => {
    const gate = new Gate();
    const seen: string[] = [];
    const client = communicator(() => ({
      open: () => gate.passed,
      text: (text) => void seen.push(text),
      disconnect: () => void seen.push("disconnect"),
    }));
    const answer = client.connect();
    client.send("too early");
    gate.refuse(new Error("no"));
    expect(await answer).toMatchObject({ status: 500 });
    await client.disconnect();
    expect(seen).toEqual(["disconnect"]);
  });
});
