import assert from "node:assert/strict";
import { assertCode, type LayerCheck, rejects } from "./layer-check.ts";
import { fresh, LayerReader, note, numbers } from "./layer-reader.ts";

/** The promises about channels: direct messages, fixed names, names at all, and the end. */
export const channelChecks: readonly LayerCheck[] = [
  {
    name: "a message to a channel reaches its reader alone, and says nothing of a group",
    async run({ layer, other, eventually }) {
      const reader = new LayerReader(layer);
      const bystander = new LayerReader(layer);
      assert.notEqual(reader.channel.name, bystander.channel.name);
      await layer.send(reader.channel.name, note("from here"));
      await other.send(reader.channel.name, note("from elsewhere"));
      await eventually(() => assert.equal(reader.messages.length, 2));
      assert.deepEqual([...reader.texts].sort(), ["from elsewhere", "from here"]);
      assert.deepEqual({ ...reader.deliveries[0] }, {});
      assert.deepEqual(bystander.texts, []);
    },
  },
  {
    name: "500 messages of one sender to a channel arrive once each and in order",
    async run({ layer, other, eventually }) {
      const reader = new LayerReader(layer);
      const { name } = reader.channel;
      await Promise.all(numbers(500).map((number) => other.send(name, note(number))));
      await other.send(name, note("last"));
      await eventually(() => assert.equal(reader.texts.at(-1), "last"));
      assert.deepEqual(reader.texts, [...numbers(500), "last"]);
    },
  },
  {
    name: "two channels that answer each other inside a delivery do not exhaust the stack",
    async run({ layer, eventually }) {
      const players = [new LayerReader(layer), new LayerReader(layer)];
      for (const [index, player] of players.entries()) {
        const opponent = players[1 - index]!.channel.name;
        // Counted by what came, so that a layer that duplicates does not play for ever.
        player.onMessage = () => {
          if (player.messages.length <= 2_000) void layer.send(opponent, note("your turn"));
        };
      }
      await layer.send(players[0]!.channel.name, note("your turn"));
      await eventually(() => {
        assert.deepEqual(
          players.map(({ messages }) => messages.length),
          [2_001, 2_000],
        );
      });
    },
  },
  {
    name: "a message to a closed channel is lost without an error",
    async run({ layer, other, eventually }) {
      const closed = new LayerReader(layer);
      const witness = new LayerReader(layer);
      const { name } = closed.channel;
      await closed.channel.close();
      await closed.channel.close();
      await layer.send(name, note("from here"));
      await other.send(name, note("from elsewhere"));
      await other.send(witness.channel.name, note("witness"));
      await eventually(() => assert.deepEqual(witness.texts, ["witness"]));
      assert.deepEqual(closed.texts, []);
    },
  },
  {
    name: "readers of a fixed name compete: each message goes to exactly one of them",
    async run({ layer, other, eventually }) {
      const name = fresh("work");
      const readers = [
        new LayerReader(layer, name),
        new LayerReader(layer, name),
        new LayerReader(other, name),
      ];
      for (const reader of readers) assert.equal(reader.channel.name, name);
      for (const number of numbers(60)) await layer.send(name, note(number));
      const all = () => readers.flatMap((reader) => reader.texts as number[]);
      await eventually(() => assert.equal(all().length, 60));
      assert.deepEqual(all().sort(ascending), numbers(60));
    },
  },
  {
    name: "each reader of a fixed name sees one sender's messages in their order",
    async run({ layer, other, eventually }) {
      const name = fresh("work");
      const readers = [new LayerReader(layer, name), new LayerReader(layer, name)];
      await Promise.all(numbers(100).map((number) => other.send(name, note(number))));
      await eventually(() => {
        assert.equal(readers[0]!.messages.length + readers[1]!.messages.length, 100);
      });
      for (const { texts } of readers) {
        assert.deepEqual(texts, [...(texts as number[])].sort(ascending));
      }
    },
  },
  {
    name: "when a reader of a fixed name closes, the others get what comes",
    async run({ layer, eventually }) {
      const name = fresh("work");
      const gone = new LayerReader(layer, name);
      const reader = new LayerReader(layer, name);
      await gone.channel.close();
      for (const number of numbers(10)) await layer.send(name, note(number));
      await eventually(() => assert.deepEqual(reader.texts, numbers(10)));
      assert.deepEqual(gone.texts, []);
    },
  },
  {
    name: "what arrives on a fixed name while nobody reads waits for the next reader, in order",
    async run({ layer, other, capacity, eventually }) {
      const name = fresh("work");
      const count = Math.min(capacity, 5);
      const former = new LayerReader(layer, name);
      await former.channel.close();
      for (const number of numbers(count)) await layer.send(name, note(number));
      const reader = new LayerReader(other, name);
      assert.deepEqual(reader.texts, [], "delivered before the reader had its channel");
      await eventually(() => assert.equal(reader.messages.length, count));
      await layer.send(name, note("next"));
      await eventually(() => assert.deepEqual(reader.texts, [...numbers(count), "next"]));
      assert.deepEqual(former.texts, []);
    },
  },
  {
    name: "a fixed name holds as many messages as its capacity, and says when it is full",
    async run({ layer, other, capacity, eventually }) {
      const name = fresh("work");
      for (const number of numbers(capacity)) await layer.send(name, note(number));
      for (const sender of [layer, other]) {
        const error: unknown = await sender.send(name, note("too much")).catch((e: unknown) => e);
        assertCode(error, "ERR_CHANNEL_FULL");
        assert.equal((error as { temporary?: unknown }).temporary, true);
      }
      const reader = new LayerReader(other, name);
      await eventually(() => assert.equal(reader.messages.length, capacity));
      await layer.send(name, note("room again"));
      await eventually(() => assert.deepEqual(reader.texts, [...numbers(capacity), "room again"]));
    },
  },
  {
    name: "what waits on a fixed name expires, and makes room",
    async run({ layer, other, capacity, expire, eventually }) {
      const name = fresh("work");
      for (const number of numbers(capacity)) await layer.send(name, note(number));
      await expire();
      await other.send(name, note("fresh"));
      const reader = new LayerReader(layer, name);
      await eventually(() => assert.equal(reader.texts.at(-1), "fresh"));
      assert.deepEqual(reader.texts, ["fresh"]);
    },
  },
  {
    name: "any Unicode string names a group, and reaches nobody else's",
    async run({ layer, other, eventually }) {
      const members = new Map(hostileNames.map((name) => [name, new LayerReader(layer)]));
      for (const [name, member] of members) await layer.join(name, member.channel);
      for (const name of hostileNames) await other.groupSend(name, note(name));
      await eventually(() => {
        for (const [name, member] of members) assert.deepEqual(member.texts, [name]);
      });
      for (const [name, member] of members) assert.equal(member.deliveries[0]?.group, name);
    },
  },
  {
    name: "any Unicode string names a channel, and reaches nobody else's, nor a group",
    async run({ layer, other, eventually }) {
      const bystander = new LayerReader(layer);
      const readers = new Map(hostileNames.map((name) => [name, new LayerReader(layer, name)]));
      for (const name of hostileNames) {
        await layer.join(name, bystander.channel);
        await other.send(name, note(name));
      }
      await eventually(() => {
        for (const [name, reader] of readers) assert.deepEqual(reader.texts, [name]);
      });
      assert.deepEqual(bystander.texts, []);
    },
  },
  {
    name: "a name that is no string, empty, too long or not well-formed is refused",
    async run({ layer }) {
      const { channel } = new LayerReader(layer);
      const names: readonly unknown[] = [
        "",
        "x".repeat(201),
        "é".repeat(101),
        "\ud800",
        "a\udc00b",
      ];
      for (const name of [...names, undefined, 7, {}] as string[]) {
        await rejects("ERR_LAYER_NAME", () => layer.send(name, note("")));
        await rejects("ERR_LAYER_NAME", () => layer.groupSend(name, note("")));
        await rejects("ERR_LAYER_NAME", () => layer.join(name, channel));
        await rejects("ERR_LAYER_NAME", () => layer.leave(name, channel));
      }
      for (const name of [...names, "sluice.taken"] as string[]) {
        try {
          new LayerReader(layer, name);
        } catch (error) {
          assertCode(error, "ERR_LAYER_NAME");
          continue;
        }
        assert.fail(`opened a channel with the name ${JSON.stringify(name)}`);
      }
    },
  },
  {
    name: "a closed layer delivers nothing more and refuses every call but close",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const reader = new LayerReader(layer);
      const witness = new LayerReader(other);
      const { channel } = reader;
      await layer.join(group, channel);
      await other.join(group, witness.channel);
      reader.onMessage = () => assert.fail("delivered after close");
      const name = channel.name;
      await layer.close();
      await rejects("ERR_LAYER_CLOSED", () => layer.send(name, note("late")));
      await rejects("ERR_LAYER_CLOSED", () => layer.groupSend(group, note("late")));
      await rejects("ERR_LAYER_CLOSED", () => layer.join(group, channel));
      await rejects("ERR_LAYER_CLOSED", () => layer.leave(group, channel));
      let error: unknown;
      try {
        layer.channel(reader);
      } catch (thrown) {
        error = thrown;
      }
      assertCode(error, "ERR_LAYER_CLOSED");
      await channel.close();
      await layer.close();
      if (other !== layer) {
        await other.groupSend(group, note("from elsewhere"));
        await eventually(() => assert.deepEqual(witness.texts, ["from elsewhere"]));
      }
      assert.deepEqual(reader.texts, []);
    },
  },
];

/** Names that mean something to a backend, to JavaScript or to an encoding; all are ordinary here. */
const hostileNames: readonly string[] = [
  ...[
    "*",
    ">",
    "a.*",
    "a.>",
    "a.b",
    ".",
    "..",
    "a..b",
    "?",
    "[a-z]",
    "\\",
    "%2a",
    "$SYS.>",
    "_INBOX.x",
  ],
  ...["a:b", "a:b:c", "b:c", "a", "c", ":", "{a}b", "{}", "{", " ", "a b", " a", "a ", "\t"],
  ...["a\r\nb", "a\nb", "\0", "a\0b", "\u007f", "\u2028", "\ufeff", "\u202eabc", "<b>", "'\"`;--"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "length", "0", "-1", "null"],
  ...["caf\u00e9", "cafe\u0301", "\u0130", "i", "I", "ß", "日本語", "👩‍👩‍👧‍👦", "😀", "\u{10ffff}"],
  ...["x".repeat(200), "é".repeat(100), "😀".repeat(50), `${"x".repeat(199)}y`],
];

function ascending(a: number, b: number): number {
  return a - b;
}
