import { once } from "node:events";
import {
  type ErrorContext,
  memoryLayer,
  route,
  router,
  type ServerLimits,
  type Socket,
  WebSocketConsumer,
} from "sluice";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { RawPeer, upgradeRequest } from "../../src/testing/raw-peer.ts";
import { Journal } from "./journal.ts";
import { messages, published } from "./published.ts";
import { start } from "./start.ts";

const opcode = { text: 0x1, binary: 0x2, close: 0x8 } as const;

/** What {@link Faulty} does; a test changes what it wants to see. */
interface Plan {
  connect(self: Faulty): void | Promise<unknown>;
  receive(self: Faulty): void | Promise<unknown>;
  disconnect(self: Faulty): void | Promise<unknown>;
}

const faultless: Plan = { connect() {}, receive() {}, disconnect() {} };
let plan: Plan;
/** What `disconnect` saw: was it accepted, had the signal aborted, and the close code. */
let partings: [accepted: boolean, aborted: boolean, code: number][];
beforeEach(() => {
  plan = { ...faultless };
  partings = [];
});

class Faulty extends WebSocketConsumer {
  declare reject: Socket["reject"];
  declare join: Socket["join"];
  declare send: Socket["send"];

  override connect() {
    return plan.connect(this);
  }
  override receive() {
    return plan.receive(this);
  }
  "faulty.event"() {
    return plan.receive(this);
  }
  override disconnect(code: number) {
    partings.push([this.accepted, this.signal.aborted, code]);
    return plan.disconnect(this);
  }
}

class Canary extends WebSocketConsumer {
  override connect() {
    return this.join("canaries");
  }
  "canary.sing"({ song }: { readonly song: string }) {
    this.send(song);
  }
}

const bug = () => {
  throw new Error("bug");
};
const later = () => new Promise((resolve) => setImmediate(resolve)).then(bug);
const never = () => new Promise<never>(() => {});

/** A server with a consumer that has faults, and a canary that must notice none of them. */
async function mine(limits: ServerLimits = {}) {
  const clock = new FakeClock();
  const layer = memoryLayer({ clock });
  const log = new Journal();
  const heard: [unknown, ErrorContext][] = [];
  const events = published();
  const server = await start({
    websocket: router([route("/faulty/", Faulty), route("/canary/", Canary)]),
    layer,
    log,
    clock,
    limits,
    onError: (error, context) => heard.push([error, context]),
  });
  const canary = new WebSocket(`${server.webSocketUrl}/canary/`);
  onTestFinished(() => canary.terminate());
  await once(canary, "open");
  let songs = 0;

  return {
    server,
    layer,
    clock,
    /** A connection to the consumer that has faults. */
    async open(): Promise<RawPeer> {
      const peer = await RawPeer.open(server.port, "/faulty/");
      onTestFinished(() => peer.reset());
      return peer;
    },
    /** The status that a handshake there is answered with, once it is. */
    async knock(): Promise<{ readonly status: Promise<number> }> {
      const peer = await RawPeer.connect(server.port);
      onTestFinished(() => peer.reset());
      await peer.write(upgradeRequest("/faulty/"));
      return { status: peer.response().then(({ status }) => status) };
    },
    /** The canary still gets what is sent to its group. */
    async sings() {
      const song = `song ${++songs}`;
      const hears = once(canary, "message");
      await layer.groupSend("canaries", { type: "canary.sing", song });
      expect(String((await hears)[0])).toBe(song);
      expect(canary.readyState).toBe(WebSocket.OPEN);
    },
    log,
    /** What the diagnostics and `onError` say, which is the same; and so says the log, of failures. */
    reports() {
      const errors = messages(events, "sluice:application.error");
      expect(heard).toEqual(errors.map(({ error, ...context }) => [error, context]));
      const warnings = ["ERR_KIND_NOT_HANDLED", "ERR_HANDLER_TIMEOUT"];
      const failures = errors.filter(({ error }) => !warnings.includes(codeOf(error) ?? ""));
      expect(log.messages("warn")).toHaveLength(errors.length - failures.length);
      expect(log.messages("error")).toEqual(
        failures.map(({ consumer, phase }) => `${consumer} failed in ${phase}`),
      );
      expect(log.fields("error")).toEqual(
        failures.map(({ scope, ...fields }) => ({ ...fields, path: scope.path })),
      );
      return errors.map(({ consumer, phase, error, scope }) => {
        const what = codeOf(error) ?? (error as Error).message;
        return `${consumer} at ${scope.path} in ${phase}: ${what}`;
      });
    },
  };
}

function codeOf(error: unknown): string | undefined {
  return (error as { readonly code?: string }).code;
}

/** The code and reason of the close frame that comes next. */
async function closing(peer: RawPeer): Promise<[number, string]> {
  const frame = await peer.frame();
  expect(frame.opcode).toBe(opcode.close);
  return [frame.payload.readUInt16BE(), frame.payload.toString("utf8", 2)];
}

/** Lets things happen until they have. */
async function until(happened: () => boolean): Promise<void> {
  await expect.poll(happened, { interval: 1 }).toBe(true);
}

describe("a consumer that fails in connect", () => {
  for (const [how, fail] of [
    ["at once", bug],
    ["in the end", later],
  ] as const) {
    test(`(${how}) is a 500 without a word of the cause, and disconnect runs once`, async () => {
      const { server, sings, reports } = await mine();
      plan.connect = fail;
      const peer = await RawPeer.connect(server.port);
      await peer.write(upgradeRequest("/faulty/"));
      const { status, text, body } = await peer.response();
      expect(status).toBe(500);
      expect(text + body).not.toContain("bug");
      await peer.end();
      peer.finish();
      expect(partings).toEqual([[false, true, 1011]]);
      expect(reports()).toEqual(["Faulty at /faulty/ in connect: bug"]);
      expect(server.connections).toBe(1);
      await sings();
    });
  }

  test("by mistaking the status it refuses with is a 500, too", async () => {
    const { knock, sings, reports } = await mine();
    plan.connect = (self) => self.reject(101);
    const { status } = await knock();
    expect(await status).toBe(500);
    expect(reports()).toEqual(["Faulty at /faulty/ in connect: ERR_INVALID_OPTION"]);
    await sings();
  });

  test("by refusing, then failing, keeps the status that it refused with", async () => {
    const { knock, sings, reports } = await mine();
    plan.connect = (self) => {
      self.reject(401);
      bug();
    };
    const { status } = await knock();
    expect(await status).toBe(401);
    expect(partings).toEqual([[false, true, 1006]]);
    expect(reports()).toEqual(["Faulty at /faulty/ in connect: bug"]);
    await sings();
  });
});

describe("a consumer that refuses", () => {
  test("is no error at all: the peer gets its status, and disconnect runs once", async () => {
    const { knock, sings, reports } = await mine();
    plan.connect = (self) => self.reject(403);
    const { status } = await knock();
    expect(await status).toBe(403);
    expect(partings).toEqual([[false, true, 1006]]);
    expect(reports()).toEqual([]);
    await sings();
  });
});

describe("a consumer that hangs", () => {
  test("in connect is a 503 after connectTimeout, and let go after disconnectTimeout", async () => {
    const { knock, clock, sings, reports } = await mine({ connectTimeout: 1000 });
    let entered = false;
    plan.connect = () => {
      entered = true;
      return never();
    };
    const { status } = await knock();
    await until(() => entered);
    clock.advance(1050);
    expect(await status).toBe(503);
    expect(partings).toEqual([]);
    clock.advance(10_050);
    expect(partings).toEqual([[false, true, 1006]]);
    expect(reports()).toEqual([
      "Faulty at /faulty/ in connect: ERR_HANDLER_TIMEOUT",
      "Faulty at /faulty/ in disconnect: ERR_HANDLER_TIMEOUT",
    ]);
    await sings();
  });

  test("at a message sees its signal abort when the peer leaves, and is let go", async () => {
    const { open, clock, sings, reports } = await mine();
    let signal: AbortSignal | undefined;
    plan.receive = (self) => {
      ({ signal } = self);
      return never();
    };
    const peer = await open();
    await peer.send(opcode.text, "hang");
    await peer.send(opcode.text, "never handled");
    await until(() => signal !== undefined);
    await sings();
    peer.reset();
    await until(() => signal?.aborted === true);
    expect(partings).toEqual([]);
    clock.advance(10_050);
    expect(partings).toEqual([[true, true, 1006]]);
    expect(reports()).toEqual(["Faulty at /faulty/ in disconnect: ERR_HANDLER_TIMEOUT"]);
    await sings();
  });

  test("still answers the peer's close, whose code disconnect gets in the end", async () => {
    const { open, clock, sings, reports } = await mine();
    plan.receive = never;
    const peer = await open();
    await peer.send(opcode.text, "hang");
    await peer.send(opcode.close, Uint8Array.of(0x0f, 0xa1));
    expect(await closing(peer)).toEqual([4001, ""]);
    clock.advance(10_050);
    expect(partings).toEqual([[true, true, 4001]]);
    expect(reports()).toEqual(["Faulty at /faulty/ in disconnect: ERR_HANDLER_TIMEOUT"]);
    await sings();
  });

  test("in disconnect is let go, and the server can close", async () => {
    const { open, server, clock, sings, reports } = await mine();
    plan.disconnect = never;
    const peer = await open();
    await peer.send(opcode.close, Uint8Array.of(0x03, 0xe8));
    expect(await closing(peer)).toEqual([1000, ""]);
    await sings();
    clock.advance(10_050);
    expect(partings).toEqual([[true, true, 1000]]);
    expect(reports()).toEqual(["Faulty at /faulty/ in disconnect: ERR_HANDLER_TIMEOUT"]);
    peer.finish();
    await peer.end();
    await sings();
    await server.close();
  });
});

describe("a consumer that fails after it was accepted", () => {
  for (const [how, fail] of [
    ["at once", bug],
    ["in the end", later],
  ] as const) {
    test(`(${how}) at a message of the peer closes with 1011`, async () => {
      const { open, sings, reports } = await mine();
      plan.receive = fail;
      const peer = await open();
      await peer.send(opcode.text, "go on");
      await peer.send(opcode.text, "once more");
      expect(await closing(peer)).toEqual([1011, "internal error"]);
      await sings();
      expect(partings).toEqual([]);
      await peer.send(opcode.close, Uint8Array.of(0x03, 0xf3));
      await peer.end();
      expect(partings).toEqual([[true, true, 1011]]);
      expect(reports()).toEqual(["Faulty at /faulty/ in receive: bug"]);
      await sings();
    });
  }

  test("at a layer message closes with 1011, and whoever sent it notices nothing", async () => {
    const { open, layer, sings, reports } = await mine();
    plan.connect = (self) => self.join("faults");
    plan.receive = bug;
    const peer = await open();
    await layer.groupSend("faults", { type: "faulty.event" });
    expect(await closing(peer)).toEqual([1011, "internal error"]);
    expect(reports()).toEqual(["Faulty at /faulty/ in event: bug"]);
    await sings();
  });

  test("by not knowing what it gets closes with 1003, and the log names it", async () => {
    const { open, log, sings, reports } = await mine();
    const peer = await open();
    await peer.send(opcode.binary, Uint8Array.of(1, 2, 3));
    expect(await closing(peer)).toEqual([1003, "binary messages are not supported here"]);
    expect(reports()).toEqual(["Faulty at /faulty/ in receive: ERR_KIND_NOT_HANDLED"]);
    expect(log.messages("warn")).toEqual([
      "Faulty: binary messages are not supported here: Faulty does not override receiveBytes(bytes)",
    ]);
    await sings();
  });

  test("by having no method for a layer message keeps its connection", async () => {
    const { open, layer, sings, reports } = await mine();
    plan.connect = (self) => self.join("faults");
    plan.receive = (self) => self.send("still here");
    const peer = await open();
    await layer.groupSend("faults", { type: "faulty.unknown" });
    expect(reports()).toEqual(["Faulty at /faulty/ in event: ERR_EVENT_NOT_HANDLED"]);
    await peer.send(opcode.text, "?");
    expect((await peer.frame()).payload.toString()).toBe("still here");
    await sings();
  });
});

describe("a consumer that fails in disconnect", () => {
  for (const [how, fail] of [
    ["at once", bug],
    ["in the end", later],
  ] as const) {
    test(`(${how}) is reported, and its peer notices nothing`, async () => {
      const { open, sings, reports } = await mine();
      plan.disconnect = fail;
      const peer = await open();
      await peer.send(opcode.close, Uint8Array.of(0x03, 0xe9));
      expect(await closing(peer)).toEqual([1001, ""]);
      expect(await peer.end()).toHaveLength(0);
      await sings();
      expect(partings).toEqual([[true, true, 1001]]);
      expect(reports()).toEqual(["Faulty at /faulty/ in disconnect: bug"]);
    });
  }
});

describe("onError", () => {
  test("that throws is logged, and harms nobody", async () => {
    const log = new Journal();
    plan.receive = bug;
    const server = await start({ websocket: Faulty, log, onError: bug });
    const peer = await RawPeer.open(server.port);
    await peer.send(opcode.text, "go on");
    expect(await closing(peer)).toEqual([1011, "internal error"]);
    expect(log.messages("error")).toEqual(["Faulty failed in receive", "onError failed"]);
  });
});
