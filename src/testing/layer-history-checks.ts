import assert from "node:assert/strict";
import { historyOf, type LayerCheck, rejects } from "./layer-check.ts";
import { fresh, LayerReader, note, numbers, PacedReader } from "./layer-reader.ts";

/** The promises about groups with a history: positions, ids, and members that have no room. */
export const historyChecks: readonly LayerCheck[] = [
  {
    name: "every message of a group with a history has a position of its own, the same for all",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const members = [new LayerReader(layer), new LayerReader(layer), new LayerReader(other)];
      for (const [index, { channel }] of members.entries()) {
        const joined = await (index < 2 ? layer : other).join(group, channel);
        assert.equal(typeof joined.position, "string");
        assert.equal(joined.recovered, undefined, "recovered, but nothing was asked for");
      }
      const sent: unknown[] = [];
      for (const number of numbers(6)) {
        sent.push(await (number % 2 ? layer : other).groupSend(group, note(number)));
      }
      assert.equal(new Set(sent).size, 6, "two messages have one position");
      await eventually(() => {
        for (const { deliveries } of members) {
          assert.deepEqual(
            deliveries.map(({ position }) => position),
            sent,
          );
        }
      });
      const late = await other.join(group, new LayerReader(other).channel);
      assert.equal(late.position, sent.at(-1));
    },
  },
  {
    name: "all members see one order of a group with a history, whoever and wherever they are",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const members = [new LayerReader(layer), new LayerReader(other)];
      await layer.join(group, members[0]!.channel);
      await other.join(group, members[1]!.channel);
      await Promise.all(
        numbers(60).map((n) => (n % 2 === 0 ? layer : other).groupSend(group, note(n))),
      );
      await eventually(() => {
        for (const { messages } of members) assert.equal(messages.length, 60);
      });
      assert.deepEqual(members[0]!.texts, members[1]!.texts);
      for (const { texts } of members) {
        for (const parity of [0, 1]) {
          const own = (texts as number[]).filter((number) => number % 2 === parity);
          assert.deepEqual(own, [...own].sort(ascending), "one sender's messages changed places");
        }
      }
    },
  },
  {
    name: "no position is ever given twice, not even after the history was forgotten",
    needs: "history",
    async run(context) {
      const { layer, other } = context;
      const { prefix, size, expire } = historyOf(context);
      const group = fresh(prefix);
      const sent: unknown[] = [];
      for (const _ of numbers(4)) {
        for (const number of numbers(size + 2)) {
          sent.push(await (number % 2 ? layer : other).groupSend(group, note(number)));
        }
        await expire();
        await expire();
      }
      assert.equal(new Set(sent).size, sent.length);
    },
  },
  {
    name: "a group without a history gives no positions, offers nothing and recovers nothing",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const member = new PacedReader(layer);
      member.room = 0;
      const { position } = await layer.join(group, member.channel);
      assert.equal(position, undefined);
      assert.equal(await other.groupSend(group, note("one"), { id: "same" }), undefined);
      assert.equal(await other.groupSend(group, note("two"), { id: "same" }), undefined);
      await eventually(() => assert.deepEqual(member.texts, ["one", "two"]));
      assert.equal(member.deliveries[0]?.position, undefined);
    },
  },
  {
    name: "a message that is sent again with its id is not delivered again, and has the same position",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const member = new LayerReader(layer);
      await layer.join(group, member.channel);
      const first = await layer.groupSend(group, note("once"), { id: "order-17" });
      const others = [
        await layer.groupSend(group, note("twice"), { id: "order-17" }),
        await other.groupSend(group, note("again"), { id: "order-17" }),
        ...(await Promise.all(
          numbers(5).map(() => other.groupSend(group, note("many"), { id: "order-17" })),
        )),
      ];
      assert.deepEqual(new Set(others), new Set([first]));
      const next = await other.groupSend(group, note("next"), { id: "order-18" });
      assert.notEqual(next, first);
      await eventually(() => assert.deepEqual(member.texts, ["once", "next"]));
      assert.equal(member.deliveries[0]?.id, "order-17");
    },
  },
  {
    name: "an id means something in its own group and for a while only",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const { prefix, expire } = historyOf(context);
      const [one, two] = [fresh(prefix), fresh(prefix)];
      const member = new LayerReader(layer);
      await layer.join(one, member.channel);
      await layer.join(two, member.channel);
      await other.groupSend(one, note("one"), { id: "same" });
      await other.groupSend(two, note("two"), { id: "same" });
      await eventually(() => assert.equal(member.messages.length, 2));
      await expire();
      await other.groupSend(one, note("three"), { id: "same" });
      await eventually(() => assert.deepEqual([...member.texts].sort(), ["one", "three", "two"]));
    },
  },
  {
    name: "an id that is no string, empty, too long or not well-formed is refused",
    async run({ layer }) {
      for (const id of ["", "x".repeat(201), "\ud800", 7 as never]) {
        await rejects("ERR_LAYER_NAME", () => layer.groupSend(fresh("room"), note(""), { id }));
      }
    },
  },
  {
    name: "a member without room is left in peace, costs the others nothing, and is caught up in order",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const { prefix, size } = historyOf(context);
      const group = fresh(prefix);
      const [slow, quick] = [new PacedReader(layer), new PacedReader(layer)];
      await layer.join(group, slow.channel);
      await layer.join(group, quick.channel);
      slow.room = 2;
      for (const number of numbers(size)) await other.groupSend(group, note(number));
      await eventually(() => assert.deepEqual(quick.texts, numbers(size)));
      assert.deepEqual(slow.texts, [0, 1]);
      assert.equal(slow.refused, 1, "offered something before it said that it has room");

      slow.room = 3;
      slow.channel.resume();
      await eventually(() => {
        assert.deepEqual(slow.texts, [0, 1, 2, 3, 4]);
        assert.equal(slow.refused, 2);
      });
      slow.room = Infinity;
      slow.channel.resume();
      slow.channel.resume();
      await eventually(() => assert.deepEqual(slow.texts, numbers(size)));
      await other.groupSend(group, note("live"));
      await eventually(() => assert.deepEqual(slow.texts, [...numbers(size), "live"]));
      assert.deepEqual(slow.gaps, []);
    },
  },
  {
    name: "a member without room for longer than the history reaches back is told the gap, and goes on",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const { prefix, size } = historyOf(context);
      const group = fresh(prefix);
      const [slow, quick] = [new PacedReader(layer), new PacedReader(layer)];
      await layer.join(group, slow.channel);
      await layer.join(group, quick.channel);
      const lastSeen = await other.groupSend(group, note("seen"));
      await eventually(() => assert.deepEqual(slow.texts, ["seen"]));
      slow.room = 0;
      let top: string | undefined;
      for (const number of numbers(size + 2)) top = await other.groupSend(group, note(number));
      await eventually(() => assert.equal(quick.messages.length, size + 3));
      slow.room = Infinity;
      slow.channel.resume();
      await eventually(() => assert.equal(slow.gaps.length, 1));
      assert.equal(slow.gaps[0]?.group, group);
      assert.equal(slow.gaps[0]?.lastSeen, lastSeen);
      assert.equal(slow.gaps[0]?.top, top);
      await other.groupSend(group, note("next"));
      await eventually(() => assert.deepEqual(slow.texts, ["seen", "next"]));
      assert.deepEqual(quick.gaps, []);
    },
  },
  {
    name: "who left a group while it had no room in it, or was closed, is not caught up",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      for (const part of ["leave", "close"] as const) {
        const [slow, witness] = [new PacedReader(layer), new LayerReader(layer)];
        await layer.join(group, slow.channel);
        await layer.join(group, witness.channel);
        slow.room = 0;
        await other.groupSend(group, note("refused"));
        await eventually(() => assert.equal(slow.refused, 1));
        const leaving = part === "leave" ? layer.leave(group, slow.channel) : slow.channel.close();
        slow.room = Infinity;
        slow.channel.resume();
        await leaving;
        await other.groupSend(group, note("after"));
        await eventually(() => assert.deepEqual(witness.texts, ["refused", "after"]));
        assert.deepEqual([slow.texts, slow.gaps], [[], []]);
        await witness.channel.close();
      }
    },
  },
];

function ascending(a: number, b: number): number {
  return a - b;
}
