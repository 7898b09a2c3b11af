import { channel } from "node:diagnostics_channel";
import { describe, expect, it, vi } from "vitest";
import { type Diagnostics, diagnosticNames, WebSocketConsumer } from "sluice";
import { RawPeer } from "sluice/testing";
import { Journal } from "./journal.ts";
import { messages, published } from "./published.ts";
import { refusal, request } from "./request.ts";
import { start } from "./start.ts";

/** Does as it is told. */
class Obedient extends WebSocketConsumer {
  override connect() {
    if (this.scope.path === "/reject/") this.reject(401);
  }
  override receive(text: string) {
    if (text === "throw") throw new Error("told to");
    if (text === "close") this.close(4321, "told to");
    this.send(text);
  }
}

const closeBytes = (code: number) => Buffer.from([code >> 8, code & 255]);

describe("the diagnostics channels", () => {
  it("are all listed, and nothing else is", () => {
    const all: Record<keyof Diagnostics, true> = {
      "sluice:connection.open": true,
      "sluice:connection.close": true,
      "sluice:connection.drop": true,
      "sluice:handshake.reject": true,
      "sluice:message.drop": true,
      "sluice:protocol.error": true,
      "sluice:application.error": true,
    };
    expect([...diagnosticNames].sort()).toEqual(Object.keys(all).sort());
    expect(diagnosticNames.filter((name) => channel(name).hasSubscribers)).toEqual([]);
  });

  it("tell of a connection: its beginning, and its end with the code that came first", async () => {
    const events = published();
    const { port } = await start({ websocket: Obedient });
    const peer = await RawPeer.open(port, "/room/?x=1");
    await peer.send(8, Buffer.concat([closeBytes(4000), Buffer.from("bye")]));
    await peer.end();

    const [opened] = messages(events, "sluice:connection.open");
    expect(opened).toEqual({ scope: expect.objectContaining({}) as object });
    expect(opened!.scope.path).toBe("/room/");
    expect(opened!.scope.query.get("x")).toBe("1");
    expect(messages(events, "sluice:connection.close")).toEqual([
      { scope: opened!.scope, code: 4000, reason: "bye", clean: true },
    ]);
    expect(events).toHaveLength(2);
  });

  it("tell whether an end was clean", async () => {
    const events = published();
    const { port } = await start({ websocket: Obedient });
    (await RawPeer.open(port)).reset();
    await vi.waitFor(() => expect(events).toHaveLength(2));
    expect(messages(events, "sluice:connection.close")).toMatchObject([
      { code: 1006, reason: "", clean: false },
    ]);
  });

  it("tell of a refusal by the server, and why", async () => {
    const events = published();
    const { port } = await start();
    await refusal(port, request({ "Sec-WebSocket-Version": "8" }, "GET /room/?x=1 HTTP/1.1"));
    expect(events).toHaveLength(1);
    const [refused] = messages(events, "sluice:handshake.reject");
    expect(refused).toEqual({
      target: "/room/?x=1",
      status: 426,
      error: expect.objectContaining({ code: "ERR_HANDSHAKE_VERSION", status: 426 }) as Error,
    });
  });

  it.each([
    ["a path that nobody has", "/none/", 404, "ERR_HANDSHAKE_ROUTE"],
    ["the application's no", "/reject/", 401, undefined],
  ])("tell of %s, and whether it was ours", async (_, path, code, why) => {
    const events = published();
    const websocket = Object.assign(Obedient.toApplication(), {
      match: (asked: string) => (asked === "/none/" ? undefined : { params: {}, options: {} }),
    });
    const { port } = await start({ websocket });
    await refusal(port, request({}, `GET ${path} HTTP/1.1`));
    expect(events).toEqual([
      {
        name: "sluice:handshake.reject",
        message: {
          target: path,
          status: code,
          error: why === undefined ? undefined : (expect.objectContaining({ code: why }) as Error),
        },
      },
    ]);
  });

  it("tell of bytes that are no HTTP", async () => {
    const events = published();
    const { port } = await start();
    await refusal(port, "garbage\r\n\r\n");
    expect(messages(events, "sluice:handshake.reject")).toEqual([
      { target: "", status: 400, error: undefined },
    ]);
  });

  it("tell of messages that were sent too late, and of their size", async () => {
    const events = published();
    const { port } = await start({ websocket: Obedient });
    const peer = await RawPeer.open(port);
    await peer.send(1, "close");
    await peer.frame();
    await peer.send(8, closeBytes(4321));
    await peer.end();
    const [dropped] = messages(events, "sluice:message.drop");
    expect(dropped).toMatchObject({ size: "close".length, why: "closed" });
    expect(dropped!.scope.path).toBe("/");
  });

  it("tell of messages that a slow reader cost", async () => {
    const events = published();
    class Flood extends WebSocketConsumer {
      static override slow = "drop-newest" as const;
      override receive() {
        for (let i = 0; i < 200; i++) this.send(new Uint8Array(64 * 1024).fill(i));
      }
    }
    const { port } = await start({ websocket: Flood, limits: { outboxSize: 64 * 1024 } });
    const peer = await RawPeer.open(port);
    peer.socket.pause();
    await peer.send(1, "go");
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(10));
    const drops = messages(events, "sluice:message.drop");
    expect(drops.length).toBeGreaterThan(10);
    for (const { size, why } of drops) expect([size, why]).toEqual([64 * 1024, "slow"]);
    peer.socket.destroy();
  });

  it("tell of a peer that breaks the protocol, before its connection ends", async () => {
    const events = published();
    const log = new Journal();
    const { port } = await start({ websocket: Obedient, log });
    const peer = await RawPeer.open(port);
    await peer.write("\x83\x80\0\0\0\0");
    expect((await peer.frame()).payload.readUInt16BE()).toBe(1002);
    peer.socket.destroy();

    expect(events.map(({ name }) => name)).toEqual([
      "sluice:connection.open",
      "sluice:protocol.error",
      "sluice:connection.close",
    ]);
    const [broken] = messages(events, "sluice:protocol.error");
    expect(broken!.error).toMatchObject({ code: "ERR_FRAME_OPCODE", closeCode: 1002 });
    expect(messages(events, "sluice:connection.close")).toMatchObject([
      { code: 1002, clean: false },
    ]);
    expect(log.fields("debug")).toEqual([{ path: "/", code: "ERR_FRAME_OPCODE" }]);
  });

  it("tell of an application that fails, as the log and onError do", async () => {
    const events = published();
    const log = new Journal();
    const onError = vi.fn(() => {
      throw new Error("no mail");
    });
    const { port } = await start({ websocket: Obedient, log, onError });
    const peer = await RawPeer.open(port);
    await peer.send(1, "throw");
    expect((await peer.frame()).payload.readUInt16BE()).toBe(1011);
    peer.socket.destroy();

    const [failed] = messages(events, "sluice:application.error");
    expect(failed).toEqual({
      scope: expect.objectContaining({}) as object,
      error: expect.objectContaining({ message: "told to" }) as Error,
      phase: "receive",
      consumer: "Obedient",
    });
    const { error, scope, phase, consumer } = failed!;
    expect(onError).toHaveBeenCalledExactlyOnceWith(error, { scope, phase, consumer });
    expect(log.messages("error")).toEqual(["Obedient failed in receive", "onError failed"]);
  });
});
