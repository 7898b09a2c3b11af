import {
  consumer,
  type Delivery,
  type Gap,
  type LayerMessage,
  memoryLayer,
  route,
  router,
  type Scope,
  type Socket,
  WebSocketConsumer,
} from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { Rig, settle } from "./rig.ts";

describe("a consumer", () => {
  test("is made once for each connection, with the arguments that its application was made with", async () => {
    let made = 0;
    class Greeter extends WebSocketConsumer {
      readonly #words: readonly string[];
      constructor(greeting: string, name: string) {
        super();
        this.#words = [greeting, name, `${++made}`];
      }
      override receive() {
        this.send(this.#words.join(" "));
      }
    }
    const application = consumer(Greeter, "hello", "world");
    expect([application.name, made]).toEqual(["Greeter", 0]);
    for (const number of [1, 2]) {
      const client = communicator(application);
      await client.connect();
      client.send("?");
      expect(await client.receive()).toBe(`hello world ${number}`);
      await client.disconnect();
    }
  });

  test("knows its parameters, its scope, its layer, its channel and its state", async () => {
    const seen: unknown[] = [];
    class Room extends WebSocketConsumer<Scope & { readonly params: { readonly room: string } }> {
      override connect() {
        seen.push(this.accepted, this.params.room, this.scope.path, this.scope.layer === layer);
        seen.push(this.signal.aborted, this.bufferedAmount);
      }
      override async receive() {
        seen.push(this.accepted);
        await this.drained();
        await this.layer.send(this.channel, { type: "room.note", text: "to myself" });
      }
      "room.note"({ text }: { readonly text: string }, delivery: Delivery) {
        this.send(text);
        seen.push(delivery);
      }
      override disconnect(code: number, reason: string) {
        seen.push(this.accepted, this.signal.aborted, code, reason, this.params.room);
      }
    }
    const layer = memoryLayer();
    const client = communicator(router([route("/rooms/:room/", Room)]), {
      path: "/rooms/lobby/",
      layer,
    });
    await client.connect();
    expect(seen.splice(0)).toEqual([false, "lobby", "/rooms/lobby/", true, false, 0]);
    client.send("x");
    expect(await client.receive()).toBe("to myself");
    expect(seen.splice(0)).toEqual([true, {}]);
    await client.disconnect(1001, "moving on");
    expect(seen).toEqual([true, true, 1001, "moving on", "lobby"]);
  });

  test("says so when it is used before it has a connection", () => {
    const uses: ((self: WebSocketConsumer) => unknown)[] = [
      (self) => self.scope,
      (self) => self.params,
      (self) => self.layer,
      (self) => self.channel,
      (self) => self.accepted,
      (self) => self.signal,
      (self) => self.bufferedAmount,
      (self) => (self as unknown as Socket).send("x"),
      (self) => (self as unknown as Socket).join("room"),
    ];
    for (const use of uses) {
      class Hasty extends WebSocketConsumer {
        constructor() {
          super();
          use(this);
        }
      }
      const rig = new Rig(Hasty.toApplication());
      rig.instance.start();
      expect(rig.link.lines).toEqual(["reject 500"]);
      expect(rig.reports).toEqual(["Hasty connect: ERR_NOT_ACCEPTED"]);
      expect(() => new Hasty()).toThrow(
        "Hasty has no connection yet in its constructor: use connect()",
      );
    }
  });

  test("hears its groups until it leaves them, and its own channel always", async () => {
    class Member extends WebSocketConsumer {
      override async connect() {
        await this.join("a");
        await this.join("b");
      }
      override async receive() {
        await this.leave("a");
        await this.leave("never joined");
        this.send("left");
      }
      "group.note"({ text }: { readonly text: string }, { group }: Delivery) {
        this.send(`${text} in ${group}`);
      }
    }
    const layer = memoryLayer();
    const client = communicator(Member, { layer });
    await client.connect();
    const speak = async (text: string) => {
      for (const group of ["a", "b"]) await layer.groupSend(group, { type: "group.note", text });
    };
    await speak("one");
    client.send("leave");
    await settle();
    await speak("two");
    const heard = await Promise.all(Array.from({ length: 4 }, () => client.receive()));
    expect(heard).toEqual(["one in a", "one in b", "left", "two in b"]);
    expect(await client.receiveNothing(0)).toBe(true);
  });

  test("hears of a gap, and of both kinds of messages", () => {
    const seen: unknown[] = [];
    class All extends WebSocketConsumer {
      override receive(text: string) {
        seen.push(text);
      }
      override receiveBytes(bytes: Uint8Array) {
        seen.push(bytes);
      }
      override gap(gap: Gap) {
        seen.push(gap);
      }
    }
    const rig = new Rig(All.toApplication());
    rig.instance.start();
    const gap = { group: "room", lastSeen: "1" };
    const bytes = Uint8Array.of(1, 2);
    rig.instance.onText("text");
    rig.instance.onBytes(bytes);
    rig.instance.gap(gap);
    expect(seen).toEqual(["text", bytes, gap]);
    expect(seen[1]).toBe(bytes);
  });

  test("can pause its peer, and close", () => {
    class Moody extends WebSocketConsumer {
      override receive(text: string) {
        if (text === "pause") this.pause();
        else if (text === "resume") this.resume();
        else this.close(4000, text);
      }
    }
    const rig = new Rig(Moody.toApplication());
    rig.instance.start();
    for (const text of ["pause", "resume", "enough"]) rig.instance.onText(text);
    expect(rig.link.lines.slice(1)).toEqual([
      "pause application",
      "resume application",
      "close 4000 enough",
    ]);
  });
});

describe("layer messages reach", () => {
  class Base extends WebSocketConsumer {
    readonly heard: string[] = [];
    "base.only"() {
      this.send("base.only of Base");
    }
    "both.have"() {
      this.send("both.have of Base");
    }
  }
  class Derived extends Base {
    override "both.have"() {
      super["both.have"]();
      this.send("both.have of Derived");
    }
    "derived.only"() {
      this.send("derived.only of Derived");
    }
    get "a.getter"() {
      return () => this.send("a.getter");
    }
    override disconnect() {
      this.send("disconnect");
    }
  }

  function sends(types: readonly string[]): readonly string[] {
    const rig = new Rig(Derived.toApplication());
    rig.instance.start();
    for (const type of types) rig.instance.deliver({ type } as unknown as LayerMessage, {});
    return [...rig.link.lines.slice(1), ...rig.reports];
  }

  test("the methods of their name, inherited or overridden, with `this` as it should be", () => {
    expect(sends(["base.only", "both.have", "derived.only"])).toEqual([
      "send base.only of Base",
      "send both.have of Base",
      "send both.have of Derived",
      "send derived.only of Derived",
    ]);
  });

  test("nothing else, whatever a message calls itself", () => {
    const types = ["constructor", "__proto__", "toString", "disconnect", "receive", "connect"];
    const more = ["accept", "close", "heard", "a.getter", "sluice.close", "no.such", ""];
    const unknown = "Derived event: ERR_EVENT_NOT_HANDLED";
    const count = types.length + more.length;
    expect(sends([...types, ...more])).toEqual(Array(count).fill(unknown));
  });
});
