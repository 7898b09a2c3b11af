import {
  type Application,
  type Handler,
  type Middleware,
  type Socket,
  stack,
  WebSocketConsumer,
} from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { Gate } from "./gate.ts";
import { Rig, settle } from "./rig.ts";

const bug = () => {
  throw new Error("bug");
};
const never = () => new Promise<never>(() => {});

/** A handler that counts its `disconnect` and says what it saw there. */
function parting(farewells: unknown[], handler?: (socket: Socket) => Handler): Application {
  return (_scope, socket) => ({
    ...handler?.(socket),
    disconnect: (code, reason) => void farewells.push([socket.accepted, code, reason]),
  });
}

describe("disconnect runs exactly once if connect was entered", () => {
  const both = (first: () => void, then: () => void | Promise<void>) => (first(), then());
  type Open = (socket: Socket) => void | Promise<unknown>;
  const courses: [what: string, open: Open, accepted: boolean][] = [
    ["returned", () => {}, true],
    ["was async", () => settle(), true],
    ["accepted by itself", (socket) => socket.accept(), true],
    ["accepted, then threw", (socket) => both(() => socket.accept(), bug), true],
    ["threw", bug, false],
    ["rejected in the end", () => settle().then(bug), false],
    ["refused", (socket) => socket.reject(403), false],
    ["refused, then threw", (socket) => both(() => socket.reject(403), bug), false],
    ["refused, then went on", (socket) => both(() => socket.reject(403), settle), false],
    ["refused in the end", (socket) => settle().then(() => socket.reject(403)), false],
    ["closed", (socket) => socket.close(), false],
  ];

  for (const [what, open, accepted] of courses) {
    test(`and ${what}`, async () => {
      const farewells: unknown[][] = [];
      const client = communicator(parting(farewells, (socket) => ({ open: () => open(socket) })));
      await client.connect();
      await client.disconnect();
      await client.disconnect();
      expect(farewells.map(([first]) => first)).toEqual([accepted]);
    });
  }

  test("and the peer left meanwhile", async () => {
    const farewells: unknown[] = [];
    const gate = new Gate();
    const rig = Rig.start(parting(farewells, () => ({ open: () => gate.passed })));
    rig.instance.onEnd(1006, "");
    expect(farewells).toEqual([]);
    gate.open();
    await settle();
    rig.instance.onEnd(1000, "again");
    rig.instance.abandon();
    await settle();
    expect(farewells).toEqual([[false, 1006, ""]]);
    expect([rig.finished, rig.clock.timers]).toEqual([1, 0]);
  });

  test("and a later handler threw, whichever it was", async () => {
    const letters: [keyof Handler, (rig: Rig) => void][] = [
      ["text", ({ instance }) => instance.onText("x")],
      ["bytes", ({ instance }) => instance.onBytes(Uint8Array.of(1))],
      ["event", ({ instance }) => instance.deliver({ type: "a.b" }, {})],
      ["gap", ({ instance }) => instance.gap({ group: "g", lastSeen: "1" })],
    ];
    for (const [method, deliver] of letters) {
      for (const fails of [bug, () => settle().then(bug)]) {
        const farewells: unknown[] = [];
        const rig = Rig.start(parting(farewells, () => ({ [method]: fails })));
        deliver(rig);
        await settle();
        await settle();
        expect(rig.link.lines).toContain("close 1011 internal error");
        expect(farewells).toEqual([]);
        rig.instance.onEnd(1011, "internal error");
        expect(farewells).toEqual([[true, 1011, "internal error"]]);
        expect(rig.finished).toBe(1);
      }
    }
  });

  test("and gets the code and the reason of the close", async () => {
    const farewells: unknown[] = [];
    const client = communicator(parting(farewells));
    await client.connect();
    await client.disconnect(4321, "so long");
    expect(farewells).toEqual([[true, 4321, "so long"]]);
  });

  test("and what it throws is reported, and ends the matter", async () => {
    for (const disconnect of [bug, () => settle().then(bug)]) {
      const rig = Rig.start({ name: "Chat", disconnect });
      rig.instance.onEnd(1000, "");
      await settle();
      await settle();
      expect(rig.reports).toEqual(["Chat disconnect: bug"]);
      expect([rig.finished, rig.clock.timers]).toEqual([1, 0]);
    }
  });
});

describe("disconnect never runs", () => {
  test("if the application made no handler", async () => {
    const farewells: unknown[] = [];
    class Broken extends WebSocketConsumer {
      constructor() {
        super();
        bug();
      }
      override disconnect() {
        farewells.push("disconnect");
      }
    }
    const client = communicator(Broken);
    expect(await client.connect()).toMatchObject({ status: 500 });
    await client.disconnect();
    expect(farewells).toEqual([]);
  });

  test("if the peer left while middleware still ran", async () => {
    const farewells: unknown[] = [];
    const gate = new Gate();
    const slow: Middleware = (inner) => async (scope, socket) => {
      await gate.passed;
      return inner(scope, socket);
    };
    const rig = new Rig(stack(slow, parting(farewells)));
    rig.instance.start();
    rig.instance.onEnd(1006, "");
    expect(rig.finished).toBe(1);
    gate.open();
    await settle();
    expect([farewells, rig.link.lines, rig.reports, rig.finished]).toEqual([[], [], [], 1]);
  });

  test("if connect was never called, and nobody waits for it", async () => {
    const farewells: unknown[] = [];
    const client = communicator(parting(farewells));
    await client.disconnect();
    expect(farewells).toEqual([]);
  });
});

describe("a handler that hangs when the connection ends", () => {
  test("sees its signal abort at once", async () => {
    let heard: unknown;
    const rig = Rig.start((_scope, socket) => ({
      text: async () => {
        await new Promise<void>((resolve) => {
          socket.signal.addEventListener("abort", () => resolve());
        });
        heard = socket.signal.aborted;
      },
    }));
    rig.instance.onText("wait");
    rig.instance.onEnd(1001, "");
    await settle();
    expect(heard).toBe(true);
    expect([rig.reports, rig.finished, rig.clock.timers]).toEqual([[], 1, 0]);
  });

  const letters: [method: keyof Handler, deliver: (instance: Rig["instance"]) => void][] = [
    ["open", () => {}],
    ["text", (instance) => instance.onText("hang")],
    ["event", (instance) => instance.deliver({ type: "a.b" }, {})],
  ];
  for (const [method, deliver] of letters) {
    test(`in ${method} is let go after disconnectTimeout, and disconnect still runs`, async () => {
      const farewells: unknown[] = [];
      const rig = Rig.start(parting(farewells, () => ({ name: "Chat", [method]: never })));
      deliver(rig.instance);
      rig.instance.onEnd(1001, "bye");
      rig.clock.advance(9_999);
      expect([farewells, rig.reports, rig.finished]).toEqual([[], [], 0]);

      rig.clock.advance(1);

      expect(farewells).toEqual([[method !== "open", 1001, "bye"]]);
      expect(rig.reports).toEqual(["Chat disconnect: ERR_HANDLER_TIMEOUT"]);
      expect([rig.finished, rig.clock.timers]).toEqual([1, 0]);
    });
  }

  test("and hangs again in disconnect is let go a second time, for good", () => {
    const rig = Rig.start({ name: "Chat", text: never, disconnect: never });
    rig.instance.onText("hang");
    rig.instance.onEnd(1001, "");
    rig.clock.advance(10_000);
    expect([rig.reports.length, rig.finished]).toEqual([1, 0]);
    rig.clock.advance(10_000);
    expect(rig.reports).toEqual(Array(2).fill("Chat disconnect: ERR_HANDLER_TIMEOUT"));
    expect([rig.finished, rig.clock.timers]).toEqual([1, 0]);
  });

  test("in disconnect alone is let go once", () => {
    const rig = Rig.start({ name: "Chat", disconnect: never });
    rig.instance.onEnd(1001, "");
    rig.clock.advance(10_000);
    expect(rig.reports).toEqual(["Chat disconnect: ERR_HANDLER_TIMEOUT"]);
    expect([rig.finished, rig.clock.timers]).toEqual([1, 0]);
  });

  test("and a disconnect that throws afterwards, at once or later, is reported too", async () => {
    for (const disconnect of [bug, () => settle().then(bug)]) {
      const rig = Rig.start({ name: "Chat", text: never, disconnect });
      rig.instance.onText("hang");
      rig.instance.onEnd(1001, "");
      rig.clock.advance(10_000);
      await settle();
      await settle();
      expect(rig.reports).toEqual(["Chat disconnect: ERR_HANDLER_TIMEOUT", "Chat disconnect: bug"]);
      expect([rig.finished, rig.clock.timers]).toEqual([1, 0]);
    }
  });

  test("is let go at once by a server that cannot wait, and never heard of again", () => {
    const farewells: unknown[] = [];
    const rig = Rig.start(parting(farewells, () => ({ name: "Chat", text: never })));
    rig.instance.onText("hang");
    rig.instance.abandon();
    rig.clock.advance(60_000);
    expect(farewells).toEqual([[true, 1006, ""]]);
    expect(rig.reports).toEqual(["Chat disconnect: ERR_HANDLER_TIMEOUT"]);
    expect([rig.finished, rig.clock.timers]).toEqual([1, 0]);
  });
});
