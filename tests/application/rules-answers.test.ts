import { WebSocketConsumer } from "sluice";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { Rig, settle } from "./rig.ts";

describe("what a handler sends", () => {
  test("answers the message that it handles, even after it has waited for something", async () => {
    const rig = Rig.start((_scope, socket) => ({
      async text(message) {
        socket.send(`${message} at once`);
        await settle();
        socket.send(`${message} later`);
      },
      bytes: (message) => socket.send(message),
    }));
    rig.instance.onText("one");
    rig.instance.onBytes(Uint8Array.of(2));
    await settle();
    await settle();
    expect(rig.link.lines).toEqual([
      "accept",
      "answer one at once",
      "answer one later",
      "answer 2",
      "flush",
    ]);
  });

  test("in connect answers the handshake", async () => {
    const rig = Rig.start((_scope, socket) => ({
      async open() {
        socket.accept();
        socket.send("welcome");
        await settle();
        socket.send("home");
      },
    }));
    await settle();
    await settle();
    expect(rig.link.lines).toEqual(["accept", "answer welcome", "answer home", "flush"]);
  });

  test("for a layer message or a gap answers nobody, even after it has waited", async () => {
    const rig = Rig.start((_scope, socket) => ({
      async event({ type }) {
        socket.send(`${type} at once`);
        await settle();
        socket.send(`${type} later`);
      },
      gap: () => socket.send("gap"),
    }));
    rig.instance.deliver({ type: "a.b" }, {});
    await settle();
    rig.instance.gap({ group: "a", lastSeen: "1" });
    expect(rig.link.lines).toEqual([
      "accept",
      "send a.b at once",
      "send a.b later",
      "flush",
      "send gap",
    ]);
  });

  test("for a layer message that it caused itself answers nobody: others get it, too", async () => {
    class Echo extends WebSocketConsumer {
      override async connect() {
        await this.join("echo");
      }
      override async receive(text: string) {
        await this.layer.groupSend("echo", { type: "echo.text", text });
        this.send("done");
      }
      "echo.text"({ text }: { readonly text: string }) {
        this.send(text);
      }
    }
    const rig = new Rig(Echo.toApplication());
    rig.instance.start();
    await settle();
    rig.link.lines.splice(0);
    rig.instance.onText("hello");
    await settle();
    expect(rig.link.lines).toEqual(["answer done", "send hello", "flush"]);
  });

  test("from a timer, when nothing is being handled, answers nobody", async () => {
    const clock = new FakeClock();
    const rig = Rig.start((_scope, socket) => ({
      open: () => void clock.after(100, () => socket.send("tick")),
      text: () => void clock.after(100, () => socket.send("tock")),
    }));
    rig.instance.onText("x");
    clock.advance(100);
    expect(rig.link.lines).toEqual(["accept", "send tick", "send tock"]);
  });
});

describe("the answers are let go", () => {
  test("once, when a burst is handled and the handler is idle", async () => {
    const rig = Rig.start({ text: () => settle() });
    for (const text of ["1", "2", "3"]) rig.instance.onText(text);
    await settle();
    expect(rig.link.lines).toEqual(["accept"]);
    await settle();
    await settle();
    await settle();
    expect(rig.link.lines).toEqual(["accept", "flush"]);
  });

  test("by whoever brought the message, if the handler was done at once", () => {
    const rig = Rig.start((_scope, socket) => ({ text: (message) => socket.send(message) }));
    rig.instance.onText("1");
    expect(rig.link.lines).toEqual(["accept", "answer 1"]);
    expect(rig.instance.busy).toBe(false);
  });
});
