import { type LayerMessage, memoryLayer, type SlowPolicy, WebSocketConsumer } from "sluice";
import { describe, expect, test } from "vitest";
import { Gate } from "./gate.ts";
import { Rig, type RigOptions, settle } from "./rig.ts";

const limits = { mailboxMessages: 4 };

/** A rig whose handler is busy with the text "busy" until the gate opens, and keeps all it handles. */
function busy(slow: SlowPolicy | undefined, options: RigOptions = { limits }) {
  const gate = new Gate();
  const handled: unknown[] = [];
  const rig = Rig.start(
    {
      name: "Chat",
      ...(slow === undefined ? {} : { slow }),
      async text(message) {
        if (message === "busy") await gate.passed;
        handled.push(message);
      },
      bytes: (message) => void handled.push(message.length),
      event: (message) => void handled.push(message.n),
      disconnect: (code) => void handled.push(`disconnect ${code}`),
    },
    options,
  );
  rig.instance.onText("busy");
  rig.link.lines.splice(0);
  return { rig, gate, handled, lines: rig.link.lines };
}

function numbered(n: number, type: LayerMessage["type"] = "a.number"): LayerMessage {
  return { type, n };
}

function deliver(rig: Rig, ...numbers: number[]): void {
  for (const n of numbers) rig.instance.deliver(numbered(n), { group: "numbers" });
}

async function finish({ gate, handled }: { gate: Gate; handled: unknown[] }): Promise<unknown[]> {
  gate.open();
  await settle();
  await settle();
  return handled;
}

describe("a layer message that meets a full mailbox", () => {
  test("with close, the default, ends the connection with 4008 past everything, and is counted", async () => {
    for (const slow of ["close", undefined] as const) {
      const one = busy(slow);
      deliver(one.rig, 1, 2, 3, 4);
      expect(one.lines).toEqual([]);
      deliver(one.rig, 5, 6);
      const reason = "4 layer messages wait for a slow handler";
      expect(one.lines).toEqual(["drop 0 slow", `fail 4008 ${reason}`]);
      one.rig.instance.onEnd(4008, reason);
      expect(await finish(one)).toEqual(["busy", "disconnect 4008"]);
    }
  });

  test("with drop-newest is itself dropped, and counted", async () => {
    const one = busy("drop-newest");
    deliver(one.rig, 1, 2, 3, 4, 5, 6);
    expect(one.lines).toEqual(["drop 0 slow", "drop 0 slow"]);
    expect(await finish(one)).toEqual(["busy", 1, 2, 3, 4]);
  });

  test("with drop-oldest takes the place of the longest waiting one, and that is counted", async () => {
    const one = busy("drop-oldest");
    deliver(one.rig, 1, 2, 3, 4, 5, 6);
    expect(one.lines).toEqual(["drop 0 slow", "drop 0 slow"]);
    expect(await finish(one)).toEqual(["busy", 3, 4, 5, 6]);
  });

  test("with latest takes the place of its own kind in its own group, else of the oldest", async () => {
    const one = busy("latest");
    const { instance } = one.rig;
    instance.deliver(numbered(1, "price.changed"), { group: "gold" });
    instance.deliver(numbered(2, "price.changed"), { group: "silver" });
    instance.deliver(numbered(3, "news.flash"), { group: "gold" });
    instance.deliver(numbered(4, "price.changed"), {});
    instance.deliver(numbered(5, "price.changed"), { group: "silver" });
    instance.deliver(numbered(6, "price.changed"), { group: "copper" });
    expect(one.lines).toEqual(["drop 0 slow", "drop 0 slow"]);
    expect(await finish(one)).toEqual(["busy", 3, 4, 5, 6]);
  });

  test("never takes the place of what the peer said, nor of the order", async () => {
    const one = busy("drop-oldest");
    for (const n of [1, 2, 3, 4, 5, 6]) {
      one.rig.instance.onText(`${n}`);
      deliver(one.rig, n);
    }
    expect(await finish(one)).toEqual(["busy", "1", "2", "3", 3, "4", 4, "5", 5, "6", 6]);
  });

  test("finds its own room, however much the peer has said", async () => {
    const one = busy("close");
    for (const text of ["a", "b", "c", "d", "e"]) one.rig.instance.onText(text);
    deliver(one.rig, 1, 2, 3, 4);
    expect(one.lines).toEqual(["pause mailbox"]);
    expect(await finish(one)).toEqual(["busy", "a", "b", "c", "d", "e", 1, 2, 3, 4]);
  });

  test("finds room again when one before it was handled", async () => {
    const one = busy("close");
    deliver(one.rig, 1, 2, 3, 4);
    await finish(one);
    one.rig.instance.onText("busy");
    deliver(one.rig, 5, 6, 7, 8);
    await settle();
    expect(one.handled.slice(5)).toEqual(["busy", 5, 6, 7, 8]);
    expect(one.lines).toEqual(["flush", "flush"]);
  });

  test("is dropped and counted while there is no connection to close yet", async () => {
    const gate = new Gate();
    const seen: unknown[] = [];
    const rig = Rig.start(
      { open: () => gate.passed, event: (message) => void seen.push(message.n) },
      { limits },
    );
    deliver(rig, 1, 2, 3, 4, 5);
    expect(rig.link.lines).toEqual(["drop 0 slow"]);
    gate.open();
    await settle();
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  test("obeys the policy that its consumer's class says, inherited or not", () => {
    class Ticker extends WebSocketConsumer {
      static override readonly slow: SlowPolicy = "drop-oldest";
      override connect() {
        this.accept();
        return new Promise(() => {});
      }
    }
    class GoldTicker extends Ticker {}
    for (const consumerClass of [Ticker, GoldTicker]) {
      const rig = new Rig(consumerClass.toApplication(), { limits });
      rig.instance.start();
      deliver(rig, 1, 2, 3, 4, 5);
      expect(rig.link.lines).toEqual(["accept", "drop 0 slow"]);
    }
  });
});

describe("a message of a group with a history that meets a full mailbox", () => {
  /** A busy member of a group with a history, to which numbers are sent. */
  async function behind(slow: SlowPolicy | undefined, size: number) {
    const layer = memoryLayer({ history: [{ groups: "*", size }] });
    const one = busy(slow, { limits, layer });
    const { position } = await one.rig.instance.join("numbers");
    const send = async (...all: number[]): Promise<void> => {
      for (const n of all) await layer.groupSend("numbers", numbered(n));
    };
    return { ...one, layer, send, position: position! };
  }

  test("with close waits in the history, and comes in order when there is room", async () => {
    const one = await behind("close", 100);
    const all = Array.from({ length: 50 }, (_, n) => n);
    await one.send(...all);
    expect(one.lines).toEqual([]);
    await finish(one);
    for (let turns = 0; turns < 50 && one.handled.length < 51; turns++) await settle();
    expect(one.handled).toEqual(["busy", ...all]);
    await one.send(50);
    expect(one.handled.at(-1)).toBe(50);
    expect(one.lines).not.toContain("drop 0 slow");
  });

  test("keeps its place among the others: those of groups without one still close", async () => {
    const one = await behind("close", 100);
    await one.send(1, 2, 3, 4, 5);
    expect(one.lines).toEqual([]);
    deliver(one.rig, 6);
    expect(one.lines[0]).toBe("drop 0 slow");
    expect(one.lines[1]).toMatch(/^fail 4008/);
  });

  test("with another policy is dropped as that says: it was asked for", async () => {
    const one = await behind("drop-oldest", 100);
    await one.send(1, 2, 3, 4, 5, 6);
    expect(one.lines).toEqual(["drop 0 slow", "drop 0 slow"]);
    expect(await finish(one)).toEqual(["busy", 3, 4, 5, 6]);
  });

  test("is lost when the history is too short, and the handler hears of the gap in its place", async () => {
    const layer = memoryLayer({ history: [{ groups: "*", size: 2 }] });
    const gate = new Gate();
    const handled: unknown[] = [];
    const rig = Rig.start(
      {
        text: () => gate.passed,
        event: ({ n }) => void handled.push(n),
        gap: ({ group, lastSeen, oldest, top }) =>
          void handled.push([group, ...[lastSeen, oldest, top].map((at) => at?.split(".").at(-1))]),
      },
      { limits, layer },
    );
    rig.instance.onText("busy");
    await rig.instance.join("numbers");
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) await layer.groupSend("numbers", numbered(n));
    gate.open();
    await settle();
    await layer.groupSend("numbers", numbered(9));
    expect(handled).toEqual([1, 2, 3, 4, ["numbers", "4", "7", "8"], 9]);
  });

  test("waits for a peer whose outbox is half full, too, until that has drained", async () => {
    const one = await behind("close", 100);
    await finish(one);
    let drain = (): void => {};
    one.rig.link.drained = () => new Promise((resolve) => (drain = resolve));
    one.rig.link.bufferedAmount = 2 ** 20 + 1;
    await one.send(1, 2, 3);
    one.rig.link.bufferedAmount = 2 ** 20;
    await one.send(4);
    expect(one.handled).toEqual(["busy"]);
    drain();
    await settle();
    expect(one.handled).toEqual(["busy", 1, 2, 3, 4]);
  });

  test("may be one of many that were missed: a recovery that is longer than the mailbox closes nothing", async () => {
    const layer = memoryLayer({ history: [{ groups: "*", size: 1_000 }] });
    const first = await layer.join("numbers", layer.channel({ deliver() {} }));
    const all = Array.from({ length: 300 }, (_, n) => n);
    for (const n of all) await layer.groupSend("numbers", numbered(n));
    const handled: unknown[] = [];
    const rig = Rig.start(
      (_scope, socket) => ({
        async open() {
          const { recovered } = await socket.join("numbers", { since: first.position! });
          handled.push(recovered);
        },
        async event({ n }) {
          handled.push(n);
          await settle();
        },
      }),
      { limits, layer },
    );
    for (let turns = 0; turns < 1_000 && handled.length < 301; turns++) await settle();
    expect(handled).toEqual([true, ...all]);
    expect(rig.link.lines).toEqual(["accept"]);
  });

  test("is not brought to one who has left meanwhile", async () => {
    const one = await behind("close", 100);
    await one.send(1, 2, 3, 4, 5, 6);
    one.rig.instance.onEnd(1000, "");
    expect(await finish(one)).toEqual(["busy", "disconnect 1000"]);
    expect(await one.layer.groupCount("numbers")).toBe(0);
  });
});

describe("a full mailbox", () => {
  test("pauses the peer when half of it is the peer's, and lets it go on below a quarter", async () => {
    const gates = Array.from({ length: 5 }, () => new Gate());
    let turn = 0;
    const { instance, link } = Rig.start(
      { text: () => gates[turn++]?.passed },
      { limits: { mailboxMessages: 8 } },
    );
    for (const text of ["0", "1", "2", "3"]) instance.onText(text);
    expect(link.lines.splice(0)).toEqual(["accept"]);
    instance.onText("4");
    expect(link.lines.splice(0)).toEqual(["pause mailbox"]);

    const told: string[][] = [];
    for (const gate of gates) {
      gate.open();
      await settle();
      told.push(link.lines.splice(0));
    }

    expect(told).toEqual([[], [], ["resume mailbox"], [], ["flush"]]);
  });

  test("counts bytes as well as messages", async () => {
    const one = busy("close", { limits: { mailboxSize: 100 } });
    one.rig.instance.onText("x".repeat(60));
    expect(one.lines).toEqual([]);
    one.rig.instance.onBytes(new Uint8Array(39));
    expect(one.lines).toEqual([]);
    one.rig.instance.onText("x");
    expect(one.lines).toEqual(["pause mailbox"]);
    expect(await finish(one)).toEqual(["busy", "x".repeat(60), 39, "x"]);
    expect(one.lines.slice(1)).toEqual(["resume mailbox", "flush"]);
  });

  test("still takes what was read before the peer was paused", async () => {
    const one = busy("close");
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
    for (const text of texts) one.rig.instance.onText(text);
    expect(one.lines).toEqual(["pause mailbox"]);
    expect(await finish(one)).toEqual(["busy", ...texts]);
  });

  test("may be as small as one message", async () => {
    const one = busy("close", { limits: { mailboxMessages: 1, mailboxSize: 1 } });
    one.rig.instance.onText("next");
    expect(one.lines).toEqual(["pause mailbox"]);
    expect(await finish(one)).toEqual(["busy", "next"]);
    expect(one.lines.slice(1)).toEqual(["resume mailbox", "flush"]);
  });

  test("can fill up again after it was emptied", async () => {
    const one = busy("close");
    for (const text of ["1", "2", "3", "4"]) one.rig.instance.onText(text);
    await finish(one);
    one.rig.instance.onText("busy");
    await settle();
    expect(one.lines).toEqual(["pause mailbox", "resume mailbox", "flush", "flush"]);
  });
});
