import assert from "node:assert/strict";
import type { ChannelLayer } from "../layers/channel-layer.ts";
import { historyOf, type LayerCheck } from "./layer-check.ts";
import { fresh, LayerReader, note, numbers, PacedReader } from "./layer-reader.ts";

/** The promises about members that join with a position: exactly what they missed, or nothing. */
export const recoveryChecks: readonly LayerCheck[] = [
  {
    name: "who joins with a position gets exactly what came after it, then live messages",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const sent = await sendNumbers(layer, group, 6);
      for (const home of [layer, other]) {
        for (const seen of numbers(6)) {
          const member = new LayerReader(home);
          const { position, recovered } = await home.join(group, member.channel, {
            since: sent[seen]!,
          });
          assert.deepEqual({ position, recovered }, { position: sent[5], recovered: true });
          await eventually(() => assert.deepEqual(member.texts, numbers(6).slice(seen + 1)));
          const positions = member.deliveries.map((delivery) => delivery.position);
          assert.deepEqual(positions, sent.slice(seen + 1));
          await member.channel.close();
        }
      }
      const member = new LayerReader(other);
      await other.join(group, member.channel, { since: sent[3]! });
      await layer.groupSend(group, note("live"), { id: "live" });
      await eventually(() => assert.deepEqual(member.texts, [4, 5, "live"]));
      assert.equal(member.deliveries[2]?.id, "live");
    },
  },
  {
    name: "the position of an empty group recovers all that came after it, also what nobody was there for",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const first = new LayerReader(layer);
      const { position } = await layer.join(group, first.channel);
      await first.channel.close();
      const again = new LayerReader(layer);
      const nothing = await layer.join(group, again.channel, { since: position! });
      assert.deepEqual(nothing, { position, recovered: true });
      await again.channel.close();

      await sendNumbers(other, group, 3);
      const member = new LayerReader(layer);
      const { recovered } = await layer.join(group, member.channel, { since: position! });
      assert.equal(recovered, true);
      await eventually(() => assert.deepEqual(member.texts, [0, 1, 2]));
      assert.deepEqual([first.texts, again.texts], [[], []]);
    },
  },
  {
    name: "who joins while messages stream in gets each one once, in order, with none missing at the seam",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const { prefix, size } = historyOf(context);
      const group = fresh(prefix);
      const { position: start } = await layer.join(group, new LayerReader(layer).channel);
      const count = size - 1;
      const joining: Promise<unknown>[] = [];
      const sending: Promise<unknown>[] = [];
      const members: LayerReader[] = [];
      for (const number of numbers(count)) {
        const [sender, home] = number % 2 ? [layer, other] : [other, layer];
        sending.push(sender.groupSend(group, note(number)));
        const member = new LayerReader(home);
        members.push(member);
        joining.push(home.join(group, member.channel, { since: start! }));
        // Some sends and joins are on their way together, some are not, and some overlap.
        if (number % 3 === 0) await sending.at(-1);
        else await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(sending);
      for (const joined of await Promise.all(joining)) {
        assert.equal((joined as { recovered?: boolean }).recovered, true);
      }
      await layer.groupSend(group, note("last"));
      await eventually(() => {
        for (const { texts } of members) assert.equal(texts.at(-1), "last");
      });
      for (const { texts, deliveries } of members) {
        assert.equal(texts.length, count + 1, "a message is missing, or came twice");
        assert.deepEqual(texts, members[0]!.texts);
        assert.equal(new Set(deliveries.map(({ position }) => position)).size, count + 1);
      }
    },
  },
  {
    name: "who has missed more than is held gets nothing old, is told so, and goes on live",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const { prefix, size } = historyOf(context);
      const group = fresh(prefix);
      const sent = await sendNumbers(layer, group, size + 4);
      for (const home of [layer, other]) {
        const member = new LayerReader(home);
        const lost = await home.join(group, member.channel, { since: sent[0]! });
        assert.deepEqual(lost, { position: sent.at(-1), recovered: false });
        const next = new LayerReader(home);
        const held = await home.join(group, next.channel, { since: sent[5]! });
        assert.equal(held.recovered, true);
        sent.push((await layer.groupSend(group, note("live")))!);
        await eventually(() => {
          assert.deepEqual(member.texts, ["live"]);
          assert.equal(next.texts.at(-1), "live");
        });
        await member.channel.close();
        await next.channel.close();
      }
    },
  },
  {
    name: "what is too old is not recovered",
    needs: "history",
    async run(context) {
      const { layer, eventually } = context;
      const { prefix, expire } = historyOf(context);
      const group = fresh(prefix);
      const sent = await sendNumbers(layer, group, 4);
      await expire();
      const member = new LayerReader(layer);
      const { recovered } = await layer.join(group, member.channel, { since: sent[1]! });
      assert.equal(recovered, false);
      await layer.groupSend(group, note("live"));
      await eventually(() => assert.deepEqual(member.texts, ["live"]));
    },
  },
  {
    name: "what is no position of this group's history is not recovered, whatever it is, and harms nobody",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const { prefix } = historyOf(context);
      const [group, elsewhere] = [fresh(prefix), fresh(prefix)];
      const [position] = await sendNumbers(layer, group, 3);
      const foreign = await sendNumbers(layer, elsewhere, 3);
      const member = new LayerReader(other);
      const forged: readonly unknown[] = [
        ...[foreign[0], `${position}0000`, `${position}99999999999999999999`, `${position}.5`],
        ...[`${position} `, ` ${position}`, `0${position}`, `x${position}`, `${position}-`, "-1"],
        ...["", "0", "1", ".1", "~", ".", "\0", "a.1", "*", "🦆", "\ud800", "x".repeat(100_000)],
        ...["__proto__.1", "null", "undefined", `${position}\n`, 7, Number.NaN, null, {}, []],
      ];
      for (const since of forged as string[]) {
        const { recovered } = await other.join(group, member.channel, { since });
        assert.equal(recovered, false, `recovered since ${JSON.stringify(since)?.slice(0, 80)}`);
      }
      await layer.groupSend(group, note("live"));
      await eventually(() => assert.deepEqual(member.texts, ["live"]));
    },
  },
  {
    name: "who joins again with a position goes back to there",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const member = new LayerReader(layer);
      await layer.join(group, member.channel);
      const sent = await sendNumbers(other, group, 4);
      await eventually(() => assert.deepEqual(member.texts, [0, 1, 2, 3]));
      const { recovered } = await layer.join(group, member.channel, { since: sent[1]! });
      assert.equal(recovered, true);
      await other.groupSend(group, note("live"));
      await eventually(() => assert.deepEqual(member.texts, [0, 1, 2, 3, 2, 3, "live"]));
      assert.equal(await layer.groupCount(group), 1);
    },
  },
  {
    name: "who was left out by except is left out in a recovery, and misses nothing else",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const [sender, slow] = [new LayerReader(layer), new PacedReader(layer)];
      const { position: start } = await layer.join(group, sender.channel);
      await layer.join(group, slow.channel);
      slow.room = 0;
      await other.groupSend(group, note("one"));
      await layer.groupSend(group, note("two"), { except: sender.channel.name });
      const own = await other.groupSend(group, note("three"), { except: slow.channel.name });
      await other.groupSend(group, note("four"));
      await eventually(() => assert.deepEqual(sender.texts, ["one", "three", "four"]));
      slow.room = Infinity;
      slow.channel.resume();
      await eventually(() => assert.deepEqual(slow.texts, ["one", "two", "four"]));
      assert.deepEqual(slow.gaps, []);

      const back = await layer.join(group, sender.channel, { since: start! });
      assert.equal(back.recovered, true);
      const stranger = new LayerReader(other);
      await other.join(group, stranger.channel, { since: start! });
      const ahead = new LayerReader(other);
      await other.join(group, ahead.channel, { since: own! });
      await eventually(() => {
        assert.deepEqual(sender.texts.slice(3), ["one", "three", "four"]);
        assert.deepEqual(stranger.texts, ["one", "two", "three", "four"]);
        assert.deepEqual(ahead.texts, ["four"]);
      });
    },
  },
  {
    name: "who joins with a position inside a delivery gets each message once",
    needs: "history",
    async run(context) {
      const { layer, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const [first, recovering, plain] = [
        new LayerReader(layer),
        new LayerReader(layer),
        new LayerReader(layer),
      ];
      const { position: start } = await layer.join(group, first.channel);
      const joining: Promise<unknown>[] = [];
      first.onMessage = ({ text }) => {
        if (text !== 1) return;
        for (const number of [2, 3, 4]) void layer.groupSend(group, note(number));
        joining.push(layer.join(group, recovering.channel, { since: start! }));
        joining.push(layer.join(group, plain.channel));
      };
      await sendNumbers(layer, group, 2);
      await eventually(() => assert.equal(joining.length, 2));
      await Promise.all(joining);
      await layer.groupSend(group, note("last"));
      await eventually(() => {
        for (const { texts } of [first, recovering, plain]) assert.equal(texts.at(-1), "last");
      });
      assert.deepEqual(first.texts, [0, 1, 2, 3, 4, "last"]);
      assert.deepEqual(recovering.texts, [0, 1, 2, 3, 4, "last"]);
      assert.ok(!plain.texts.includes(1), "got the message during which it joined");
      assert.deepEqual(plain.texts, [2, 3, 4, "last"].slice(-plain.texts.length));
    },
  },
  {
    name: "a recovery that its member has no room for goes on when there is",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const sent = await sendNumbers(other, group, 6);
      const member = new PacedReader(layer);
      member.room = 2;
      const { recovered } = await layer.join(group, member.channel, { since: sent[0]! });
      assert.equal(recovered, true);
      await eventually(() => assert.equal(member.refused, 1));
      await other.groupSend(group, note("live"));
      member.room = Infinity;
      member.channel.resume();
      await eventually(() => assert.deepEqual(member.texts, [1, 2, 3, 4, 5, "live"]));
      assert.deepEqual(member.gaps, []);
    },
  },
  {
    name: "who leaves while it is recovered gets nothing more",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const sent = await sendNumbers(other, group, 5);
      for (const part of ["leave", "close"] as const) {
        const [member, witness] = [new LayerReader(layer), new LayerReader(layer)];
        member.onMessage = ({ text }) => {
          if (text !== 2) return;
          void (part === "leave" ? layer.leave(group, member.channel) : member.channel.close());
        };
        await layer.join(group, member.channel, { since: sent[0]! });
        await layer.join(group, witness.channel, { since: sent[0]! });
        await other.groupSend(group, note("live"));
        await eventually(() => assert.equal(witness.texts.at(-1), "live"));
        assert.deepEqual(member.texts, [1, 2]);
        await witness.channel.close();
      }
    },
  },
  {
    name: "a recovered message is the frozen one that everybody gets, in its whole",
    needs: "history",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh(historyOf(context).prefix);
      const { position: start } = await layer.join(group, new LayerReader(layer).channel);
      const text = { list: ["é", { deep: [1] }], bytes: Uint8Array.from([0, 255]) };
      await other.groupSend(group, note(text), { id: "the id" });
      const members = [new LayerReader(layer), new LayerReader(layer)];
      for (const { channel } of members) await layer.join(group, channel, { since: start! });
      await eventually(() => {
        for (const { texts } of members) assert.deepEqual(texts, [text]);
      });
      for (const { messages, deliveries } of members) {
        assert.ok(Object.isFrozen(messages[0]), "the message is not frozen");
        assert.ok(Object.isFrozen(messages[0]?.text), "the inside of the message is not frozen");
        assert.equal(deliveries[0]?.id, "the id");
        assert.equal(deliveries[0]?.group, group);
      }
    },
  },
];

/** Sends the numbers from 0 on, and resolves with their positions. */
async function sendNumbers(layer: ChannelLayer, group: string, count: number): Promise<string[]> {
  const positions: string[] = [];
  for (const number of numbers(count)) {
    positions.push((await layer.groupSend(group, note(number))) as string);
  }
  return positions;
}
