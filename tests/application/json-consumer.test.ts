import { JsonWebSocketConsumer, memoryLayer, type TextCodec } from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { Rig } from "./rig.ts";

class Echo extends JsonWebSocketConsumer {
  override receiveJson(value: unknown) {
    this.sendJson({ of: value });
  }
}

describe("a JSON consumer", () => {
  test.each<unknown>([{ a: [1, null, "ä"] }, [], "", 0, false, null])(
    "receives and sends the value %j",
    async (value) => {
      const client = communicator(Echo);
      await client.connect();
      client.sendJson(value);
      expect(await client.receiveJson()).toEqual({ of: value });
    },
  );

  test.each(["", "{", "undefined", "{}{}"])(
    "closes with 1007 for the text %j, which is no fault of ours",
    (text) => {
      const rig = new Rig(Echo.toApplication());
      rig.instance.start();
      rig.instance.onText(text);
      expect(rig.link.lines).toEqual(["accept", "close 1007 text message is not valid JSON"]);
      expect(rig.reports).toEqual([]);
    },
  );

  test("may answer invalid JSON in its own way", async () => {
    class Patient extends Echo {
      override invalidJson(text: string, error: unknown) {
        this.sendJson({ invalid: text, error: (error as Error).name });
      }
    }
    const client = communicator(Patient);
    await client.connect();
    client.send("{");
    expect(await client.receiveJson()).toEqual({ invalid: "{", error: "SyntaxError" });
    client.sendJson(1);
    expect(await client.receiveJson()).toEqual({ of: 1 });
  });

  test("closes with 1003 for a binary message, or for any text if it only sends", () => {
    class Mute extends JsonWebSocketConsumer {}
    const binary = new Rig(Echo.toApplication());
    binary.instance.start();
    binary.instance.onBytes(Uint8Array.of(1));
    expect(binary.link.lines.at(-1)).toBe("close 1003 binary messages are not supported here");
    const text = new Rig(Mute.toApplication());
    text.instance.start();
    text.instance.onText("{}");
    expect(text.link.lines.at(-1)).toBe("close 1003 text messages are not supported here");
  });

  test("is answerable for its own errors, also a SyntaxError: 1011", () => {
    class Faulty extends JsonWebSocketConsumer {
      override receiveJson() {
        JSON.parse("{");
      }
    }
    const rig = new Rig(Faulty.toApplication());
    rig.instance.start();
    rig.instance.onText("{}");
    expect(rig.link.lines.at(-1)).toBe("close 1011 internal error");
  });

  test("says what has no JSON", async () => {
    class Vague extends JsonWebSocketConsumer {
      override receiveJson() {
        this.sendJson(undefined);
      }
    }
    const client = communicator(Vague);
    await client.connect();
    client.send("1");
    await expect(client.receive()).rejects.toMatchObject({
      code: "ERR_SEND_DATA",
      message: "undefined cannot be sent as text by this codec",
    });
  });

  test("has another codec if its class says so, which may check what comes", async () => {
    const lines: TextCodec = {
      encode: (value) => (value as string[]).join("\n"),
      decode(text) {
        if (text.includes("\t")) throw new Error("tabs");
        return text.split("\n");
      },
    };
    class Lines extends JsonWebSocketConsumer<string[], string[]> {
      static override readonly codec = lines;
      override receiveJson(value: string[]) {
        this.sendJson([...value].reverse());
      }
    }
    const client = communicator(Lines);
    await client.connect();
    client.send("a\nb");
    expect(await client.receive()).toBe("b\na");
    client.send("");
    expect(await client.receive()).toBe("");
    client.send("\t");
    expect(await client.closed()).toMatchObject({ code: 1007 });
  });
});

describe("one object for many connections", () => {
  /** Counts how often it encodes. */
  function counting() {
    let count = 0;
    const codec: TextCodec = {
      encode(value) {
        count += 1;
        return JSON.stringify(value);
      },
      decode: JSON.parse,
    };
    return { codec, count: () => count };
  }

  test("is encoded once if it is a layer message", async () => {
    const { codec, count } = counting();
    class Member extends JsonWebSocketConsumer {
      static override readonly codec = codec;
      override connect() {
        return this.join("lobby");
      }
      "chat.message"(message: unknown) {
        this.sendJson(message);
      }
    }
    const layer = memoryLayer();
    const clients = [0, 1, 2].map(() => communicator(Member, { layer }));
    for (const client of clients) await client.connect();
    const message = { type: "chat.message", text: "hello", deep: [{ a: 1 }] } as const;
    await layer.groupSend("lobby", message);
    for (const client of clients) expect(await client.receiveJson()).toEqual(message);
    expect(count()).toBe(1);
  });

  test("is encoded each time if anything of it may change", async () => {
    const { codec, count } = counting();
    let calls = 0;
    const changeable: [object, change: () => void][] = [];
    const inner = { a: 1 };
    changeable.push([Object.freeze({ inner }), () => inner.a++]);
    const date = new Date(0);
    changeable.push([Object.freeze({ date: Object.freeze(date) }), () => date.setTime(1)]);
    const bytes = Uint8Array.of(1);
    changeable.push([Object.freeze({ bytes }), () => bytes.fill(2)]);
    const accessor = {
      get calls() {
        return calls;
      },
    };
    changeable.push([Object.freeze(accessor), () => calls++]);
    const toJSON = { toJSON: () => calls };
    changeable.push([Object.freeze(toJSON), () => calls++]);
    const inherited = Object.create(toJSON) as object;
    changeable.push([Object.freeze(inherited), () => calls++]);
    const open = { a: 1 };
    changeable.push([open, () => open.a++]);

    class Sender extends JsonWebSocketConsumer {
      static override readonly codec = codec;
      override receiveJson(index: unknown) {
        const [object, change] = changeable[index as number]!;
        this.sendJson(object);
        change();
        this.sendJson(object);
      }
    }
    const client = communicator(Sender);
    await client.connect();
    for (const index of changeable.keys()) {
      client.send(`${index}`);
      expect(await client.receive()).not.toBe(await client.receive());
    }
    expect(count()).toBe(changeable.length * 2);
  });
});
