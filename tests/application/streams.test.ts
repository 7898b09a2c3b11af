import {
  type Application,
  JsonWebSocketConsumer,
  memoryLayer,
  route,
  router,
  type Scope,
  streams,
  WebSocketConsumer,
} from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { Gate } from "./gate.ts";
import { Rig, settle } from "./rig.ts";

/** Does as it is told, and says how it parts. */
class Chat extends JsonWebSocketConsumer {
  static override readonly groups = ["chat"];
  static farewells: unknown[] = [];
  override receiveJson(value: unknown) {
    if (value === "throw") throw new Error("bug");
    if (value === "close") return this.close(4000, "as told");
    if (value === "plain") return this.send("not JSON");
    if (value === "pause") return this.pause();
    if (value === "resume") return this.resume();
    this.sendJson({ chat: value });
  }
  "chat.message"({ text }: { readonly text: string }) {
    this.sendJson(text);
  }
  override disconnect(code: number, reason: string) {
    Chat.farewells.push([code, reason]);
  }
}

class Prices extends WebSocketConsumer {
  override receive(text: string) {
    this.send(`[${text}]`);
  }
}

const refusing =
  (status: number): Application =>
  (_scope, socket) => {
    socket.reject(status, { body: "no" });
    return {};
  };

async function connected(application: Application, layer = memoryLayer()) {
  Chat.farewells = [];
  const client = communicator(application, { layer });
  const answer = await client.connect();
  return { client, answer };
}

const site = streams({ chat: Chat, prices: Prices });

describe("streams", () => {
  test("carry the payloads of several applications over one connection", async () => {
    const { client } = await connected(site);
    client.sendJson({ stream: "prices", payload: { usd: 1 } });
    client.sendJson({ stream: "chat", payload: null });
    expect(await client.receiveJson()).toEqual({ stream: "prices", payload: [{ usd: 1 }] });
    expect(await client.receiveJson()).toEqual({ stream: "chat", payload: { chat: null } });
  });

  test("have groups and channels of their own", async () => {
    const layer = memoryLayer();
    const { client } = await connected(streams({ a: Chat, b: Chat, c: Prices }), layer);
    await layer.groupSend("chat", { type: "chat.message", text: "hi" });
    expect(await client.receiveJson()).toEqual({ stream: "a", payload: "hi" });
    expect(await client.receiveJson()).toEqual({ stream: "b", payload: "hi" });
    client.sendJson({ stream: "a", closed: {} });
    await layer.groupSend("chat", { type: "chat.message", text: "again" });
    expect(await client.receiveJson()).toEqual({ stream: "b", payload: "again" });
  });

  test("know the scope of the connection, without what was offered in its handshake", async () => {
    type RoomScope = Scope & { readonly params: { readonly room: string } };
    const tells: Application<RoomScope> = ({ params, subprotocols }, socket) => ({
      text: () => socket.send(JSON.stringify([params.room, subprotocols])),
    });
    const client = communicator(router([route("/:room/", streams({ tells }))]), {
      path: "/blue/",
      subprotocols: ["x"],
    });
    await client.connect();
    client.sendJson({ stream: "tells", payload: 0 });
    expect(await client.receiveJson()).toEqual({ stream: "tells", payload: ["blue", []] });
  });
});

describe("one stream's end", () => {
  const ends: [what: string, payload: string, code: number, reason: string][] = [
    ["its close", "close", 4000, "as told"],
    ["its error", "throw", 1011, "internal error"],
    ["text that is not JSON", "plain", 1011, "internal error"],
  ];
  test.each(ends)("by %s is told in a frame, and the others go on", async (...end) => {
    const [, payload, code, reason] = end;
    const { client } = await connected(site);
    client.sendJson({ stream: "chat", payload });
    if (code === 1011) await expect(client.receive()).rejects.toThrow(/bug|carries JSON/);
    expect(await client.receiveJson()).toEqual({ stream: "chat", closed: { code, reason } });
    expect(Chat.farewells).toEqual([[code, reason]]);
    client.sendJson({ stream: "chat", payload: "too late" });
    client.sendJson({ stream: "prices", payload: 1 });
    expect(await client.receiveJson()).toEqual({ stream: "prices", payload: [1] });
    await client.disconnect();
    expect(Chat.farewells).toHaveLength(1);
  });

  test("by the client is told to the stream; when all have ended the connection closes", async () => {
    const { client } = await connected(site);
    client.sendJson({ stream: "chat", closed: { code: 4001, reason: "bye" } });
    client.sendJson({ stream: "chat", closed: {} });
    expect(await client.receiveNothing()).toBe(true);
    expect(Chat.farewells).toEqual([[4001, "bye"]]);
    client.sendJson({ stream: "prices", closed: {} });
    expect(await client.closed()).toEqual({ code: 1000, reason: "all streams have ended" });
  });

  test("is the connection's end at the latest", async () => {
    const { client } = await connected(site);
    await client.disconnect(1001, "leaving");
    expect(Chat.farewells).toEqual([[1001, "leaving"]]);
  });
});

describe("the handshake", () => {
  test("is accepted with the first stream that accepts; the others are told in frames", async () => {
    const { client, answer } = await connected(
      streams({ no: refusing(403), chat: Chat, neither: refusing(401) }),
    );
    expect(answer).toMatchObject({ accepted: true });
    expect(await client.receiveJson()).toEqual({
      stream: "no",
      refused: { status: 403, body: "no" },
    });
    expect(await client.receiveJson()).toMatchObject({ stream: "neither" });
    client.sendJson({ stream: "chat", payload: 1 });
    expect(await client.receiveJson()).toEqual({ stream: "chat", payload: { chat: 1 } });
  });

  test("is refused if all streams refuse, with the status of the last", async () => {
    const { answer } = await connected(streams({ a: refusing(403), b: refusing(401) }));
    expect(answer).toMatchObject({ accepted: false, status: 401, body: "no" });
  });

  test("waits for the streams; messages wait for theirs", async () => {
    const gate = new Gate();
    class Slow extends Prices {
      override connect() {
        return gate.passed;
      }
    }
    const alone = communicator(streams({ slow: Slow }));
    const answer = alone.connect();
    gate.open();
    expect(await answer).toMatchObject({ accepted: true });

    const rig = new Rig(streams({ slow: Slow, chat: Chat }));
    rig.instance.start();
    await settle();
    rig.instance.onText('{"stream":"slow","payload":1}');
    await settle();
    expect(rig.link.lines).toContain('answer {"stream":"slow","payload":[1]}');
  });

  test("of a peer that leaves meanwhile ends every stream", async () => {
    const farewells: number[] = [];
    class Hanging extends WebSocketConsumer {
      override connect() {
        return new Promise((resolve) => {
          this.signal.addEventListener("abort", resolve);
        });
      }
      override disconnect(code: number) {
        farewells.push(code);
      }
    }
    const rig = new Rig(streams({ a: Hanging, b: Hanging }));
    rig.instance.start();
    rig.instance.onEnd(1006, "");
    await settle();
    expect([farewells, rig.finished, rig.reports]).toEqual([[1006, 1006], 1, []]);
  });

  test("belongs to the connection: a stream sets no headers and chooses no subprotocol", async () => {
    class Headers extends WebSocketConsumer {
      override connect() {
        this.accept({ headers: { "set-cookie": "a=1" } });
      }
    }
    const { client, answer } = await connected(streams({ Headers }));
    expect(answer).toMatchObject({ accepted: false, status: 500 });
    expect(client.errors).toMatchObject([{ error: { code: "ERR_HEADER" } }]);
  });
});

describe("a message that is no frame", () => {
  test.each<[string | Uint8Array, number]>([
    ["", 1007],
    ["{", 1007],
    ["null", 1008],
    ["[]", 1008],
    ['{"payload":1}', 1008],
    ['{"stream":1,"payload":1}', 1008],
    ['{"stream":"chat"}', 1008],
    ['{"stream":"chat","closed":{"code":1}}', 1008],
    ['{"stream":"chat","closed":{"reason":1}}', 1008],
    [Uint8Array.of(1), 1003],
  ])("%s: %s", async (message, code) => {
    const { client } = await connected(site);
    client.send(message);
    expect(await client.closed()).toMatchObject({ code });
  });

  test.each(["prize", "__proto__", "constructor", ""])(
    "one for the unknown stream %j is answered, or closes with 1008 by choice",
    async (stream) => {
      const { client } = await connected(site);
      client.send(`{"stream":${JSON.stringify(stream)},"payload":1}`);
      expect(await client.receiveJson()).toEqual({ stream, error: "no such stream" });

      const strict = await connected(streams({ chat: Chat }, { unknown: "close" }));
      strict.client.send(`{"stream":${JSON.stringify(stream)},"payload":1}`);
      expect(await strict.client.closed()).toEqual({ code: 1008, reason: "no such stream" });
    },
  );
});

describe("what is sent", () => {
  test("keeps its options, and a key of one stream is not that of another", () => {
    const keys: unknown[] = [];
    const tick: Application = (_scope, socket) => ({
      text: () => socket.send("1", { key: "price", droppable: true }),
    });
    const rig = new Rig(streams({ a: tick, b: tick }));
    rig.link.send = (_data, options) => void keys.push(options);
    rig.instance.start();
    for (const stream of ["a", "b"]) rig.instance.onText(JSON.stringify({ stream, payload: 0 }));
    expect(keys).toEqual([
      { key: '["a","price"]', droppable: true },
      { key: '["b","price"]', droppable: true },
    ]);
  });
});

describe("reading", () => {
  test("pauses while any stream wants it to, and no longer than the stream lives", async () => {
    const rig = new Rig(streams({ a: Chat, b: Chat, c: Prices }));
    rig.instance.start();
    await settle();
    const send = (stream: string, payload: string) =>
      rig.instance.onText(JSON.stringify({ stream, payload }));
    const pauses = () => rig.link.lines.filter((line) => /^(pause|resume)/.test(line));
    send("a", "pause");
    send("b", "pause");
    send("a", "resume");
    expect(pauses()).toEqual(["pause application"]);
    send("b", "close");
    expect(pauses()).toEqual(["pause application", "resume application"]);
  });
});

test("streams without any are refused", () => {
  expect(() => streams({})).toThrow("streams was given no application");
});

describe("what a stream drops", () => {
  test("is counted as what its connection drops", async () => {
    const gate = new Gate();
    const busy: Application = () => ({
      slow: "drop-newest",
      text: () => gate.passed,
      event() {},
    });
    const layer = memoryLayer();
    const joining: Application = (scope, socket) => {
      void socket.join("all");
      return busy(scope, socket);
    };
    const rig = new Rig(streams({ a: joining }, { limits: { mailboxMessages: 2 } }), { layer });
    rig.instance.start();
    await settle();
    rig.instance.onText('{"stream":"a","payload":1}');
    for (let n = 0; n < 5; n++) await layer.groupSend("all", { type: "some.event", n });
    expect(rig.link.lines.filter((line) => line === "drop 0 slow")).toHaveLength(3);
    gate.open();
    await settle();
  });
});
