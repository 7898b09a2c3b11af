import { type ChannelLayer, memoryLayer, UsageError } from "sluice";
import { describe, expect, test } from "vitest";
import { Gate } from "./gate.ts";
import { Rig, settle } from "./rig.ts";

describe("the socket that an application gets", () => {
  test("passes on what its link can do", async () => {
    const rig = Rig.start({});
    rig.link.bufferedAmount = 17;
    rig.instance.pause();
    rig.instance.resume();
    rig.instance.send("text");
    rig.instance.send(Uint8Array.of(1, 2));
    rig.instance.close(4000, "enough");
    expect(rig.link.lines).toEqual([
      "accept",
      "pause application",
      "resume application",
      "send text",
      "send 1,2",
      "close 4000 enough",
    ]);
    expect(rig.instance.bufferedAmount).toBe(17);
    await rig.instance.drained();
  });

  test("passes on the options of a message as they are", () => {
    const rig = Rig.start({});
    const sent: unknown[] = [];
    rig.link.send = (...all) => void sent.push(...all);
    const options = { key: "price", droppable: true, compress: false };
    rig.instance.send("text", options);
    expect(sent).toEqual(["text", options, false]);
    expect(sent[1]).toBe(options);
  });

  test("does nothing with a message after the end, but lets its link count it", () => {
    const rig = Rig.start({});
    rig.instance.onEnd(1006, "");
    rig.instance.send("too late");
    expect(rig.link.lines).toEqual(["accept", "send too late"]);
    expect(rig.reports).toEqual([]);
  });

  test("stays open if a close code cannot be sent: the mistake is told at the call", () => {
    const seen: string[] = [];
    const rig = Rig.start((_scope, socket) => ({
      text(message) {
        seen.push(message);
        if (message === "close") expect(() => socket.close(1005)).toThrow("no such code");
      },
    }));
    rig.link.close = () => {
      throw new UsageError("ERR_CLOSE_CODE", "no such code");
    };
    rig.instance.onText("close");
    rig.instance.onText("still here");
    expect(seen).toEqual(["close", "still here"]);
  });
});

describe("the signal", () => {
  test("aborts when the connection has ended, however it did", () => {
    const ends: ((rig: Rig) => void)[] = [
      ({ instance }) => instance.onEnd(1000, ""),
      ({ instance }) => instance.abandon(),
    ];
    for (const end of ends) {
      const rig = Rig.start({});
      const { signal } = rig.instance;
      expect(signal.aborted).toBe(false);
      expect(rig.instance.signal).toBe(signal);
      end(rig);
      expect(signal.aborted).toBe(true);
    }
  });

  test("aborts when the connection was refused", () => {
    const rig = new Rig(() => new Promise(() => {}));
    const { signal } = rig.instance;
    rig.instance.start();
    rig.instance.reject(403);
    expect(signal.aborted).toBe(true);
  });

  test("that is first asked for after the end has aborted", () => {
    const rig = Rig.start({});
    rig.instance.onEnd(1000, "");
    expect(rig.instance.signal.aborted).toBe(true);
  });

  test("aborts before disconnect runs, and before any deadline", () => {
    const seen: unknown[] = [];
    const rig = Rig.start((_scope, socket) => ({
      disconnect: () => void seen.push(socket.signal.aborted),
    }));
    void rig.instance.signal;
    rig.instance.onEnd(1000, "");
    expect(seen).toEqual([true]);
  });
});

describe("the channel", () => {
  /** A memory layer that counts the channels it opens. */
  function counting(): { layer: ChannelLayer; opened: () => number } {
    const layer = memoryLayer();
    const channel = layer.channel.bind(layer);
    let count = 0;
    layer.channel = (...all) => {
      count++;
      return channel(...all);
    };
    return { layer, opened: () => count };
  }

  test("is opened when it is needed, once, and leaving what was never joined needs none", async () => {
    const { layer, opened } = counting();
    const { instance } = Rig.start({ text() {} }, { layer });
    instance.onText("x");
    await instance.leave("room");
    expect(opened()).toBe(0);
    const { channel } = instance;
    await instance.join("room");
    await instance.join("hall");
    expect(instance.channel).toBe(channel);
    expect(opened()).toBe(1);
  });

  test("keeps its name to the end, to say goodbye with", () => {
    const seen: string[] = [];
    const rig = Rig.start((_scope, socket) => ({
      open: () => void seen.push(socket.channel),
      disconnect: () => void seen.push(socket.channel),
    }));
    rig.instance.onEnd(1000, "");
    expect(seen).toEqual([seen[0], seen[0]]);
    expect(rig.reports).toEqual([]);
  });

  test("is not opened any more after the end", async () => {
    const { layer, opened } = counting();
    const { instance } = Rig.start({}, { layer });
    instance.onEnd(1000, "");
    expect(() => instance.channel).toThrow(UsageError);
    await expect(instance.join("room")).rejects.toMatchObject({ code: "ERR_CONNECTION_ENDED" });
    await instance.leave("room");
    expect(opened()).toBe(0);
  });
});

describe("an instance", () => {
  test("is busy while its handler is at work, and until there is one", async () => {
    const gates = [new Gate(), new Gate(), new Gate()] as const;
    const rig = new Rig(async () => {
      await gates[0].passed;
      return { open: () => gates[1].passed, text: () => gates[2].passed };
    });
    rig.instance.start();
    const busy = [rig.instance.busy];
    for (const gate of gates) {
      rig.instance.onText("x");
      gate.open();
      await settle();
      busy.push(rig.instance.busy);
    }
    expect(busy).toEqual([true, true, true, false]);
  });

  test("says once that it is done, and by then nothing of it is left", async () => {
    const rig = Rig.start({ text: () => settle(), disconnect: () => settle() });
    rig.instance.onText("x");
    rig.instance.onEnd(1000, "");
    rig.instance.onEnd(1006, "");
    expect(rig.finished).toBe(0);
    await settle();
    await settle();
    await settle();
    expect([rig.finished, rig.clock.timers]).toEqual([1, 0]);
    rig.instance.abandon();
    expect([rig.finished, rig.reports]).toEqual([1, []]);
  });

  test("that accepted before its application failed closes with 1011", async () => {
    const rig = new Rig(async function chat(_scope, socket) {
      socket.accept();
      await settle();
      throw new Error("bug");
    });
    rig.instance.start();
    await settle();
    await settle();
    expect(rig.link.lines).toEqual(["accept", "close 1011 internal error"]);
    expect(rig.reports).toEqual(["chat connect: bug"]);
    expect(rig.finished).toBe(1);
  });

  test("refuses by what middleware decides before it fails", async () => {
    const rig = new Rig(async function guard(_scope, socket) {
      socket.reject(401);
      await settle();
      throw new Error("bug");
    });
    rig.instance.start();
    await settle();
    await settle();
    expect(rig.link.lines).toEqual(["reject 401"]);
    expect(rig.reports).toEqual(["guard connect: bug"]);
    expect(rig.finished).toBe(1);
  });
});
