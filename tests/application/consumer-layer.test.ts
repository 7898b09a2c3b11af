import { memoryLayer, WebSocketConsumer } from "sluice";
import { communicator, connected } from "sluice/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** What would have ended the process. */
const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);

beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});
afterEach(() => {
  process.off("unhandledRejection", note);
});

/** Until Node has looked for rejections that nobody handled. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const undotted = { type: "message" as "chat.message" };

describe("what nobody awaits of a consumer's layer, and fails", () => {
  test("ends that connection, is reported, and nobody else notices", async () => {
    class Chat extends WebSocketConsumer {
      static override readonly groups = ["lobby"];
      override receive(text: string) {
        if (text === "wrong") void this.layer.groupSend("lobby", undotted);
        else return this.layer.groupSend("lobby", { type: "chat.message", text });
      }
      "chat.message"({ text }: { readonly text: string }) {
        this.send(text);
      }
    }
    const layer = memoryLayer();
    const [one, other] = [await connected(Chat, { layer }), await connected(Chat, { layer })];
    one.send("wrong");
    expect(await one.closed()).toEqual({ code: 1011, reason: "internal error" });
    expect(one.errors).toMatchObject([{ error: { code: "ERR_EVENT_TYPE" }, phase: "receive" }]);
    other.send("still here");
    expect(await other.receive()).toBe("still here");
    await turn();
    expect(unhandled).toEqual([]);
  });

  test("before the connection is accepted is a 500", async () => {
    class Early extends WebSocketConsumer {
      override async connect() {
        void this.layer.send("", { type: "chat.message" });
        await turn();
      }
    }
    const client = communicator(Early);
    expect(await client.connect()).toMatchObject({ accepted: false, status: 500 });
    expect(client.errors).toMatchObject([{ error: { code: "ERR_LAYER_NAME" }, phase: "connect" }]);
    await turn();
    expect(unhandled).toEqual([]);
  });
});

describe("what somebody awaits of a consumer's layer", () => {
  test("is theirs, late or soon", async () => {
    class Careful extends WebSocketConsumer {
      override async receive(text: string) {
        const sending = this.layer.groupSend("lobby", undotted);
        if (text === "at once") await sending.catch(() => this.send("caught"));
        else await Promise.allSettled([turn(), sending]).then(() => this.send("settled"));
      }
    }
    const client = await connected(Careful);
    client.send("at once");
    expect(await client.receive()).toBe("caught");
    client.send("with others");
    expect(await client.receive()).toBe("settled");
    expect(client.errors).toEqual([]);
  });

  test("fails the method that returns it, once", async () => {
    class Passing extends WebSocketConsumer {
      override receive() {
        return this.layer.groupSend("lobby", undotted);
      }
    }
    const client = await connected(Passing);
    client.send("go");
    expect(await client.closed()).toMatchObject({ code: 1011 });
    expect(client.errors).toHaveLength(1);
  });

  test("is what the layer says", async () => {
    const layer = memoryLayer({ history: [{ groups: "*" }] });
    const said: unknown[] = [];
    class Asking extends WebSocketConsumer {
      static override readonly groups = ["lobby"];
      override async receive() {
        said.push(typeof (await this.layer.groupSend("lobby", { type: "a.b" })));
        said.push(await this.layer.groupCount("lobby"));
        said.push((await this.layer.groupMembers("lobby")).channels.length);
        said.push(await this.layer.isMember("lobby", this.channel));
        said.push(await this.layer.presence("lobby"), await this.layer.presenceCount("lobby"));
        const other = this.layer.channel({ deliver() {} });
        await this.layer.join("hall", other);
        said.push(await this.layer.groupCount("hall"));
        await this.layer.leave("hall", other);
        const watch = await this.layer.watch("*", { occupied: (group) => said.push(group) });
        await watch.close();
        this.send("done");
      }
      "a.b"() {}
    }
    const client = await connected(Asking, { layer });
    client.send("?");
    expect(await client.receive()).toBe("done");
    const [presence, count] = [{ present: [] }, { keys: 0, channels: 0 }];
    expect(said).toEqual(["string", 1, 1, true, presence, count, 1, "lobby"]);
  });
});
