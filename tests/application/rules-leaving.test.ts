import { type LayerMessage, memoryLayer, WebSocketConsumer } from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { Gate } from "./gate.ts";
import { Rig, settle } from "./rig.ts";

const note = (text: string): LayerMessage => ({ type: "room.note", text });

/** A consumer in a room that keeps what it hears. */
class Listener extends WebSocketConsumer {
  static heard: string[] = [];
  static gate = new Gate();

  override async connect() {
    await this.join("room");
  }
  override async receive(text: string) {
    if (text === "wait") await Listener.gate.passed;
    Listener.heard.push(text);
  }
  "room.note"({ text }: { readonly text: string }) {
    Listener.heard.push(text);
  }
  override async disconnect() {
    Listener.heard.push("disconnect");
    await this.layer.groupSend("room", note("from the grave"));
    await this.layer.send(this.channel, note("to the grave"));
    Listener.heard.push("gone");
  }
}

async function listen(layer = memoryLayer()) {
  Listener.heard = [];
  Listener.gate = new Gate();
  const client = communicator(Listener, { layer });
  await client.connect();
  await settle();
  return { client, layer, heard: Listener.heard, gate: Listener.gate };
}

describe("when a connection ends", () => {
  test("its groups are left before its disconnect runs, and it hears nothing more", async () => {
    const { client, layer, heard } = await listen();
    await layer.groupSend("room", note("before"));
    await client.disconnect();
    await layer.groupSend("room", note("after"));
    expect(heard).toEqual(["before", "disconnect", "gone"]);
  });

  test("messages of the peer that came before its close are still handled, before disconnect", async () => {
    const { client, heard, gate } = await listen();
    for (const text of ["wait", "two", "three"]) client.send(text);
    const gone = client.disconnect();
    client.send("behind the close");
    gate.open();
    await gone;
    expect(heard).toEqual(["wait", "two", "three", "disconnect", "gone"]);
  });

  test("layer messages that wait are not handled any more", async () => {
    const { client, layer, heard, gate } = await listen();
    client.send("wait");
    await layer.groupSend("room", note("waits"));
    client.send("two");
    await layer.groupSend("room", note("waits too"));
    const gone = client.disconnect();
    gate.open();
    await gone;
    expect(heard).toEqual(["wait", "two", "disconnect", "gone"]);
  });

  test("others in its groups hear what is sent there from then on", async () => {
    const layer = memoryLayer();
    const { client } = await listen(layer);
    const other = communicator(
      (_scope, socket) => ({
        async open() {
          await socket.join("room");
        },
        event: (message) => socket.send(String(message.text)),
      }),
      { layer },
    );
    await other.connect();
    await client.disconnect();
    expect(await other.receive()).toBe("from the grave");
  });

  test("a join that is still under way leaves nothing behind", async () => {
    const seen: unknown[] = [];
    const gate = new Gate();
    const layer = memoryLayer();
    const join = layer.join.bind(layer);
    layer.join = async (...args) => {
      await gate.passed;
      return join(...args);
    };
    const rig = Rig.start(
      (_scope, socket) => ({
        open: () => socket.join("room"),
        event: (message) => void seen.push(message),
      }),
      { layer },
    );
    rig.instance.onEnd(1006, "");
    gate.open();
    await settle();
    await layer.groupSend("room", note("anybody?"));
    expect(seen).toEqual([]);
    expect(rig.finished).toBe(1);
  });

  test("a layer that cannot take its leave is reported, and holds nobody up", async () => {
    const layer = memoryLayer();
    const close = () => Promise.reject(new Error("the network is down"));
    layer.channel = () => ({ name: "mine", resume() {}, close });
    const rig = Rig.start((_scope, socket) => ({ name: "Chat", text: () => void socket.channel }), {
      layer,
    });
    rig.instance.onText("x");
    rig.instance.onEnd(1000, "");
    await settle();
    expect(rig.reports).toEqual(["Chat disconnect: the network is down"]);
    expect(rig.finished).toBe(1);
  });
});

describe("when the application closes", () => {
  test("what waits is not handled any more, and disconnect gets its code", async () => {
    const heard: unknown[] = [];
    const client = communicator((_scope, socket) => ({
      async text(message) {
        heard.push(message);
        await settle();
        socket.close(4001, "expired");
        heard.push("closed");
      },
      disconnect: (code, reason) => void heard.push([code, reason]),
    }));
    await client.connect();
    await settle();
    client.send("one");
    client.send("two");
    expect(await client.closed()).toEqual({ code: 4001, reason: "expired" });
    client.send("three");
    await client.disconnect();
    expect(heard).toEqual(["one", "closed", [4001, "expired"]]);
  });

  test("layer messages come no more, though the peer has not answered yet", async () => {
    const seen: unknown[] = [];
    const rig = Rig.start((_scope, socket) => ({
      open: () => socket.join("room"),
      text: () => socket.close(),
      event: (message) => void seen.push(message),
    }));
    await settle();
    rig.instance.onText("close");
    await rig.layer.groupSend("room", note("too late"));
    expect(seen).toEqual([]);
    expect(rig.link.lines.slice(-1)).toEqual(["close 1000"]);
  });
});
