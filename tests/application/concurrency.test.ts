import { streams, WebSocketConsumer } from "sluice";
import { liveServer, RawPeer } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { Gate } from "./gate.ts";
import { Rig, settle } from "./rig.ts";

/** Each message goes on until its gate is opened. */
function start(concurrency: number) {
  const lines: string[] = [];
  const gates = new Map<string, Gate>();
  async function work(name: string) {
    const gate = new Gate();
    gates.set(name, gate);
    lines.push(`${name} begins`);
    await gate.passed;
    if (name === "bad") throw new Error("bug");
    lines.push(`${name} ends`);
  }
  class Busy extends WebSocketConsumer {
    static override readonly concurrency = concurrency;
    override connect() {
      return work("connect");
    }
    override async receive(text: string) {
      if (text !== "quick") await work(text);
      this.send(`${text} done`);
    }
    override receiveBytes() {
      throw new Error("bug");
    }
    "busy.event"({ name }: { readonly name: string }) {
      return work(name);
    }
    override disconnect() {
      lines.push("disconnect");
    }
  }
  const rig = new Rig(Busy.toApplication());
  rig.instance.start();
  const open = async (name: string) => {
    gates.get(name)!.open();
    await settle();
    return lines.splice(0);
  };
  return { rig, lines, open, taken: () => lines.splice(0) };
}

async function accepted(concurrency: number) {
  const started = start(concurrency);
  await started.open("connect");
  return started;
}

describe("a consumer with a concurrency", () => {
  test("is given so many messages at a time, begun in order", async () => {
    const { rig, open, taken } = await accepted(2);
    for (const text of ["a", "b", "c", "d"]) rig.instance.onText(text);
    await settle();
    expect(taken()).toEqual(["a begins", "b begins"]);
    expect(await open("b")).toEqual(["b ends", "c begins"]);
    expect(await open("a")).toEqual(["a ends", "d begins"]);
    expect(await open("d")).toEqual(["d ends"]);
    expect(await open("c")).toEqual(["c ends"]);
    expect(rig.link.lines.filter((line) => line.startsWith("send"))).toEqual([
      "send b done",
      "send a done",
      "send d done",
      "send c done",
    ]);
  });

  test("counts layer messages with the peer's", async () => {
    const { rig, open, taken } = await accepted(2);
    rig.instance.onText("a");
    rig.instance.deliver({ type: "busy.event", name: "e" }, {});
    rig.instance.deliver({ type: "busy.event", name: "f" }, {});
    expect(taken()).toEqual(["a begins", "e begins"]);
    expect(await open("a")).toEqual(["a ends", "f begins"]);
  });

  test("has connect done before anything else begins", async () => {
    const { rig, open, taken } = start(3);
    rig.instance.onText("a");
    expect(taken()).toEqual(["connect begins"]);
    expect(await open("connect")).toEqual(["connect ends", "a begins"]);
  });

  test("has disconnect after all others are done", async () => {
    const { rig, open, taken } = await accepted(3);
    for (const text of ["a", "b"]) rig.instance.onText(text);
    rig.instance.onEnd(1001, "");
    expect(taken()).toEqual(["a begins", "b begins"]);
    expect(await open("b")).toEqual(["b ends"]);
    expect(rig.finished).toBe(0);
    expect(await open("a")).toEqual(["a ends", "disconnect"]);
    expect(rig.finished).toBe(1);
  });

  test("is let go when one of them hangs, and disconnect runs once", async () => {
    const { rig, open, taken } = await accepted(3);
    rig.instance.onText("hangs");
    rig.instance.onEnd(1006, "");
    await settle();
    rig.clock.advance(10_000);
    expect(taken()).toEqual(["hangs begins", "disconnect"]);
    expect(rig.reports).toEqual(["Busy disconnect: ERR_HANDLER_TIMEOUT"]);
    expect(await open("hangs")).toEqual(["hangs ends"]);
    expect(rig.finished).toBe(1);
  });

  test("fails as one: 1011, nothing that waits begins, what has begun goes on", async () => {
    const { rig, open, taken } = await accepted(2);
    for (const text of ["bad", "b", "c"]) rig.instance.onText(text);
    expect(taken()).toEqual(["bad begins", "b begins"]);
    expect(await open("bad")).toEqual([]);
    expect(rig.link.lines).toContain("close 1011 internal error");
    expect(rig.reports).toEqual(["Busy receive: bug"]);
    rig.instance.onEnd(1011, "");
    expect(await open("b")).toEqual(["b ends", "disconnect"]);
    expect(rig.finished).toBe(1);
  });

  test("fails likewise where it throws at once", async () => {
    const { rig } = await accepted(2);
    rig.instance.onBytes(new Uint8Array());
    expect(rig.link.lines.at(-1)).toBe("close 1011 internal error");
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "of %s is refused",
    (concurrency) => {
      class Odd extends WebSocketConsumer {
        static override readonly concurrency = concurrency;
      }
      expect(() => Odd.toApplication()).toThrow(
        `the option concurrency of class Odd is ${concurrency}; it must be a whole number from 1`,
      );
    },
  );
});

test("what is done first leaves first, over a real socket and through a stream, too", async () => {
  class Waiter extends WebSocketConsumer {
    static override readonly concurrency = 2;
    override async receive(text: string) {
      if (text === '"never"') await new Promise<void>(() => {});
      await settle();
      this.send(text);
    }
  }
  for (const [websocket, wrap] of [
    [Waiter.toApplication(), (text: string) => text],
    [streams({ a: Waiter }), (text: string) => `{"stream":"a","payload":${text}}`],
  ] as const) {
    await using server = await liveServer({ websocket, limits: { disconnectTimeout: 10 } });
    const peer = await RawPeer.open(server.port);
    for (const text of ['"never"', "1", "2"]) await peer.send(0x1, wrap(text));
    expect(String((await peer.frame()).payload)).toBe(wrap("1"));
    expect(String((await peer.frame()).payload)).toBe(wrap("2"));
    peer.finish();
  }
});
