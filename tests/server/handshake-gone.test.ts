import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { type Scope, WebSocketConsumer } from "sluice";
import { RawPeer } from "sluice/testing";
import { Gate } from "./gate.ts";
import { messages, published } from "./published.ts";
import { request } from "./request.ts";
import { start } from "./start.ts";

const awaits = 4;

/** A consumer with several awaits on its way, and everything that a test wants to know of it. */
function hesitant() {
  const reached = Array.from({ length: awaits }, () => new Gate());
  const gates = Array.from({ length: awaits }, () => new Gate());
  const parted = new Gate();
  const diary: string[] = [];
  let signal: AbortSignal | undefined;

  class Hesitant extends WebSocketConsumer {
    override async connect() {
      signal = this.signal;
      for (const [at, gate] of gates.entries()) {
        reached[at]!.open();
        await gate.passed;
        if (this.signal.aborted) diary.push(`gone at ${at}`);
      }
    }
    override receive(text: string) {
      diary.push(text);
    }
    override disconnect(code: number) {
      diary.push(`disconnect ${code}, ${this.accepted ? "accepted" : "not accepted"}`);
      parted.open();
    }
  }
  return { Hesitant, reached, gates, parted, diary, signal: () => signal! };
}

describe.each([
  ["breaks its connection off", (peer: RawPeer) => peer.reset()],
  ["ends its connection", (peer: RawPeer) => peer.finish()],
])("a client that %s while connect() is at work", (_, leave) => {
  it.each(Array.from({ length: awaits }, (_unused, at) => at))(
    "at its await number %i: the signal aborts, disconnect runs once, and nothing is accepted",
    async (index) => {
      const events = published();
      const { Hesitant, reached, gates, parted, diary, signal } = hesitant();
      const server = await start({ websocket: Hesitant });
      const peer = await RawPeer.connect(server.port);
      await peer.write(request());
      for (const gate of gates.slice(0, index)) gate.open();
      await reached[index]!.passed;

      leave(peer);
      if (!signal().aborted) await once(signal(), "abort");
      expect(diary).toEqual([]);
      for (const gate of gates) gate.open();
      await parted.passed;
      await server.close();

      const rest = Array.from({ length: awaits - index }, (_unused, at) => `gone at ${index + at}`);
      expect(diary).toEqual([...rest, "disconnect 1006, not accepted"]);
      expect(await peer.end()).toHaveLength(0);
      expect(messages(events, "sluice:connection.open")).toEqual([]);
      expect(server.connections).toBe(0);
    },
  );

  it("in a middleware: the application behind it is never entered", async () => {
    const events = published();
    const { Hesitant, diary } = hesitant();
    const [entered, gate] = [new Gate(), new Gate()];
    const application = Hesitant.toApplication();
    let signal: AbortSignal | undefined;
    const server = await start({
      websocket: async (scope: Scope, socket) => {
        signal = socket.signal;
        entered.open();
        await gate.passed;
        return application(scope, socket);
      },
    });
    const peer = await RawPeer.connect(server.port);
    await peer.write(request());
    await entered.passed;

    leave(peer);
    if (!signal!.aborted) await once(signal!, "abort");
    gate.open();
    await server.close();

    expect(diary).toEqual([]);
    expect(await peer.end()).toHaveLength(0);
    expect(messages(events, "sluice:connection.open")).toEqual([]);
  });

  it("with frames sent ahead: none of them is delivered", async () => {
    const { Hesitant, reached, gates, parted, diary, signal } = hesitant();
    const server = await start({ websocket: Hesitant });
    const peer = await RawPeer.connect(server.port);
    await peer.write(`${request()}\x81\x82\0\0\0\0Hi`);
    await reached[0]!.passed;

    leave(peer);
    if (!signal().aborted) await once(signal(), "abort");
    for (const gate of gates) gate.open();
    await parted.passed;
    expect(diary).not.toContain("Hi");
    expect(diary.at(-1)).toBe("disconnect 1006, not accepted");
  });
});

describe("a client that leaves right after the 101", () => {
  it.each([
    ["by breaking off", (peer: RawPeer) => peer.reset()],
    ["by ending", (peer: RawPeer) => peer.finish()],
  ])("%s ends the connection with 1006, once", async (_, leave) => {
    const events = published();
    const parted = new Gate();
    const codes: number[] = [];
    class Listener extends WebSocketConsumer {
      override disconnect(code: number) {
        codes.push(code);
        parted.open();
      }
    }
    const server = await start({ websocket: Listener });
    leave(await RawPeer.open(server.port));
    await parted.passed;
    await server.close();

    expect(codes).toEqual([1006]);
    expect(messages(events, "sluice:connection.close")).toMatchObject([
      { code: 1006, reason: "", clean: false },
    ]);
  });
});
