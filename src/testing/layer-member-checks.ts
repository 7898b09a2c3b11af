import assert from "node:assert/strict";
import type { ChannelLayer, GroupWatcher } from "../layers/channel-layer.ts";
import { type LayerCheck, rejects } from "./layer-check.ts";
import { fresh, LayerReader, note, numbers } from "./layer-reader.ts";

/** The promises about who is in a group, and who is told of it. */
export const memberChecks: readonly LayerCheck[] = [
  {
    name: "the count of a group is that of its readers, in this process and in others",
    async run({ layer, other }) {
      const group = fresh("room");
      const members = [new LayerReader(layer), new LayerReader(layer), new LayerReader(other)];
      const counts = async () => [await layer.groupCount(group), await other.groupCount(group)];
      assert.deepEqual(await counts(), [0, 0]);
      await layer.join(group, members[0]!.channel);
      await layer.join(group, members[1]!.channel);
      await layer.join(group, members[1]!.channel);
      await other.join(group, members[2]!.channel);
      assert.deepEqual(await counts(), [3, 3]);
      await layer.leave(group, members[0]!.channel);
      assert.deepEqual(await counts(), [2, 2]);
      await members[2]!.channel.close();
      assert.deepEqual(await counts(), [1, 1]);
      await members[1]!.channel.close();
      assert.deepEqual(await counts(), [0, 0]);
    },
  },
  {
    name: "whether a channel is a member is known everywhere when its join or leave has resolved",
    async run({ layer, other }) {
      const [group, another] = [fresh("room"), fresh("room")];
      const { channel } = new LayerReader(layer);
      const { name } = channel;
      const answers = async () => [
        await layer.isMember(group, name),
        await other.isMember(group, name),
      ];
      assert.deepEqual(await answers(), [false, false]);
      await layer.join(group, channel);
      assert.deepEqual(await answers(), [true, true]);
      assert.equal(await other.isMember(another, name), false);
      assert.equal(await other.isMember(group, fresh("nobody")), false);
      await layer.leave(group, channel);
      assert.deepEqual(await answers(), [false, false]);
      await layer.join(group, channel);
      await channel.close();
      assert.deepEqual(await answers(), [false, false]);
    },
  },
  {
    name: "the pages of a group's members have everybody who stayed once, and nobody who was never there",
    async run({ layer, other }) {
      const group = fresh("room");
      const stayed = numbers(25).map((number) => new LayerReader(number % 2 ? layer : other));
      const fickle = numbers(25).map(() => new LayerReader(layer));
      for (const [index, { channel }] of stayed.entries()) {
        await (index % 2 ? layer : other).join(group, channel);
        await layer.join(group, fickle[index]!.channel);
      }
      const listed: string[] = [];
      let after: string | undefined;
      for (let pages = 0; pages < 60; pages += 1) {
        const page = await layer.groupMembers(group, {
          limit: 4,
          ...(after === undefined ? {} : { after }),
        });
        assert.ok(page.channels.length <= 4, `a page of 4 has ${page.channels.length}`);
        listed.push(...page.channels);
        await layer.leave(group, fickle[pages % 25]!.channel);
        await layer.join(group, new LayerReader(layer).channel);
        after = page.next;
        if (after === undefined) break;
      }
      assert.equal(after, undefined, "the pages never end");
      assert.equal(new Set(listed).size, listed.length, "somebody is listed twice");
      const names = stayed.map(({ channel }) => channel.name);
      assert.deepEqual(
        names.filter((name) => !listed.includes(name)),
        [],
      );
      assert.deepEqual(await layer.groupMembers(fresh("empty")), { channels: [] });
    },
  },
  {
    name: "readers that share a fixed name are counted each, and listed once",
    async run({ layer, other }) {
      const [group, name] = [fresh("room"), fresh("work")];
      const readers = [new LayerReader(layer, name), new LayerReader(other, name)];
      await layer.join(group, readers[0]!.channel);
      await other.join(group, readers[1]!.channel);
      assert.equal(await layer.groupCount(group), 2);
      assert.deepEqual(await layer.groupMembers(group), { channels: [name] });
      assert.equal(await other.isMember(group, name), true);
      await readers[0]!.channel.close();
      assert.deepEqual(await layer.groupMembers(group), { channels: [name] });
      assert.equal(await layer.isMember(group, name), true);
    },
  },
  {
    name: "a watcher hears of the groups that are occupied, then of each change, in turns",
    async run({ layer, other, eventually }) {
      const prefix = fresh("room");
      const [early, late] = [`${prefix}.early`, `${prefix}.late`];
      const members = [new LayerReader(layer), new LayerReader(other)];
      await layer.join(early, members[0]!.channel);
      const told: string[] = [];
      const watch = await other.watch(`${prefix}.*`, teller(told));
      assert.deepEqual(told, [`+ ${early}`]);
      await other.join(early, members[1]!.channel);
      await layer.join(late, members[0]!.channel);
      await eventually(() => assert.deepEqual(told, [`+ ${early}`, `+ ${late}`]));
      await members[0]!.channel.close();
      await eventually(() => assert.deepEqual(told.slice(2), [`- ${late}`]));
      await other.leave(early, members[1]!.channel);
      await eventually(() => assert.deepEqual(told.slice(3), [`- ${early}`]));
      await other.join(early, members[1]!.channel);
      await eventually(() => assert.deepEqual(told.slice(4), [`+ ${early}`]));
      await watch.close();
      await other.leave(early, members[1]!.channel);
      await afterwards(layer, other, eventually);
      assert.equal(told.length, 5);
    },
  },
  {
    name: "a watcher hears of the groups that its pattern matches, and of no others",
    async run({ layer, other, eventually }) {
      const prefix = fresh("room");
      const told: string[][] = [[], [], []];
      const patterns = [`${prefix}.*.open`, `${prefix}.1.open`, `${prefix}*n`];
      for (const [index, pattern] of patterns.entries()) {
        await other.watch(pattern, teller(told[index]!));
      }
      const reader = new LayerReader(layer);
      const names = ["1.open", "2.open", "1.closed", ".open", "n"];
      for (const name of names) await layer.join(`${prefix}.${name}`, reader.channel);
      const heard = (...of: string[]): string[] => of.map((name) => `+ ${prefix}.${name}`);
      await eventually(() => {
        assert.deepEqual(told[0]!.sort(), heard("1.open", "2.open", ".open").sort());
        assert.deepEqual(told[1], heard("1.open"));
        assert.deepEqual(told[2]!.sort(), heard("1.open", "2.open", ".open", "n").sort());
      });
    },
  },
  {
    name: "questions about names that cannot be, pages that cannot be, and closed layers are refused",
    async run({ layer }) {
      for (const name of ["", "x".repeat(201), "\ud800", 7 as never]) {
        await rejects("ERR_LAYER_NAME", () => layer.groupCount(name));
        await rejects("ERR_LAYER_NAME", () => layer.groupMembers(name));
        await rejects("ERR_LAYER_NAME", () => layer.isMember(name, "channel"));
        await rejects("ERR_LAYER_NAME", () => layer.isMember("group", name));
        await rejects("ERR_INVALID_OPTION", () => layer.watch(name, {}));
      }
      for (const limit of [0, -1, 1.5, 1_001, Number.NaN]) {
        await rejects("ERR_INVALID_OPTION", () => layer.groupMembers("group", { limit }));
      }
      await layer.close();
      await rejects("ERR_LAYER_CLOSED", () => layer.groupCount("group"));
      await rejects("ERR_LAYER_CLOSED", () => layer.groupMembers("group"));
      await rejects("ERR_LAYER_CLOSED", () => layer.isMember("group", "channel"));
      await rejects("ERR_LAYER_CLOSED", () => layer.watch("*", {}));
    },
  },
];

function teller(told: string[]): GroupWatcher {
  return {
    occupied: (group) => told.push(`+ ${group}`),
    vacated: (group) => told.push(`- ${group}`),
  };
}

/** Resolves when a message went each way: whatever was to come before it has come. */
async function afterwards(
  layer: ChannelLayer,
  other: ChannelLayer,
  eventually: (condition: () => void) => Promise<void>,
): Promise<void> {
  const witnesses = [new LayerReader(layer), new LayerReader(other)];
  await other.send(witnesses[0]!.channel.name, note("there"));
  await layer.send(witnesses[1]!.channel.name, note("and back"));
  await eventually(() => {
    for (const { messages } of witnesses) assert.equal(messages.length, 1);
  });
}
