import assert from "node:assert/strict";
import type { PresenceChanged, Present } from "../layers/channel-layer.ts";
import { type LayerCheck, type LayerCheckContext, rejects } from "./layer-check.ts";
import { fresh, LayerReader, note, numbers } from "./layer-reader.ts";

/** The promises about presence: who is there, and who is told. */
export const presenceChecks: readonly LayerCheck[] = [
  {
    name: "who joined with a presence is listed with it, everywhere, several members of one key as one",
    async run({ layer, other }) {
      const group = fresh("room");
      const readers = numbers(4).map((number) => new LayerReader(number < 2 ? layer : other));
      const [first, second, third, silent] = readers.map(({ channel }) => channel);
      await layer.join(group, first!, { presence: { key: "ann", info: { at: "desk" } } });
      await layer.join(group, second!, { presence: { key: "bob" } });
      await other.join(group, third!, { presence: { key: "ann", info: { at: "phone" } } });
      await other.join(group, silent!);
      for (const home of [layer, other]) {
        const { present, next } = await home.presence(group);
        assert.equal(next, undefined);
        const [ann, bob] = present;
        assert.deepEqual([ann?.key, ann?.channels, bob?.key], ["ann", 2, "bob"]);
        assert.deepEqual(sorted(ann!.infos), sorted([{ at: "desk" }, { at: "phone" }]));
        assert.deepEqual({ ...bob }, { key: "bob", channels: 1, infos: [] });
        assert.deepEqual({ ...(await home.presenceCount(group)) }, { keys: 2, channels: 3 });
      }
      await first!.close();
      await layer.leave(group, second!);
      for (const home of [layer, other]) {
        const { present } = await home.presence(group);
        assert.deepEqual(plain(present), [{ key: "ann", channels: 1, infos: [{ at: "phone" }] }]);
      }
      await third!.close();
      assert.deepEqual({ ...(await layer.presenceCount(group)) }, { keys: 0, channels: 0 });
      assert.deepEqual(await layer.presence(group), { present: [] });
      assert.equal(await layer.groupCount(group), 1);
    },
  },
  {
    name: "the pages of a group's presence have each key once",
    async run({ layer, other }) {
      const group = fresh("room");
      const keys = numbers(23).map((number) => `user ${number}`);
      for (const key of [...keys, ...keys.slice(0, 5)]) {
        await layer.join(group, new LayerReader(layer).channel, { presence: { key } });
      }
      const listed: string[] = [];
      let after: string | undefined;
      for (let pages = 0; pages < 10; pages += 1) {
        const options = after === undefined ? { limit: 5 } : { limit: 5, after };
        const page = await other.presence(group, options);
        listed.push(...page.present.map(({ key }) => key));
        after = page.next;
        if (after === undefined) break;
      }
      assert.deepEqual(listed.sort(), keys.sort());
      await rejects("ERR_INVALID_OPTION", () => layer.presence(group, { limit: 0 }));
    },
  },
  {
    name: "who asked for changes is told who came, changed and left, gathered, and nobody else is",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh("room");
      const [listener, silent] = [new LayerReader(other), new LayerReader(other)];
      await other.join(group, listener.channel, { presenceEvents: "changes" });
      await other.join(group, silent.channel);
      const story = new Story(listener);
      const tabs = numbers(3).map(() => new LayerReader(layer).channel);
      await layer.join(group, tabs[0]!, { presence: { key: "ann", info: 1 } });
      await layer.join(group, new LayerReader(layer).channel, { presence: { key: "bob" } });
      await gathered(context);
      await eventually(() => assert.deepEqual(story.keys, ["ann", "bob"]));
      await layer.join(group, tabs[1]!, { presence: { key: "ann", info: 2 } });
      await gathered(context);
      await eventually(() => assert.deepEqual(sorted(story.infos("ann")), [1, 2]));
      await layer.join(group, tabs[1]!, { presence: { key: "ann", info: 3 } });
      await tabs[0]!.close();
      await gathered(context);
      await eventually(() => assert.deepEqual(story.infos("ann"), [3]));
      assert.deepEqual([story.joined, story.left], [["ann", "bob"], []]);
      await layer.leave(group, tabs[1]!);
      await gathered(context);
      await eventually(() => assert.deepEqual(story.left, ["ann"]));
      assert.deepEqual(story.keys, ["bob"]);
      assert.equal(listener.deliveries[0]?.group, group);
      assert.deepEqual(silent.texts, []);
    },
  },
  {
    name: "who asked for the count is told that alone, and it ends with the truth",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh("room");
      const listener = new LayerReader(other);
      await other.join(group, listener.channel, { presenceEvents: "count" });
      const readers = numbers(20).map(() => new LayerReader(layer));
      for (const [index, { channel }] of readers.entries()) {
        const presence = { key: `user ${index % 15}`, info: "not for everybody" };
        await layer.join(group, channel, { presence });
      }
      await gathered(context);
      const last = (): unknown => {
        const { type, keys, channels, ...more } = { ...listener.messages.at(-1) };
        return { type, keys, channels, more };
      };
      const counted = (keys: number, channels: number) =>
        assert.deepEqual(last(), { type: "presence.count", keys, channels, more: {} });
      await eventually(() => counted(15, 20));
      assert.ok(listener.messages.length < 20, "the changes were not gathered");
      for (const { channel } of readers.slice(0, 5)) await channel.close();
      await gathered(context);
      await eventually(() => counted(15, 15));
    },
  },
  {
    name: "who leaves and is back before it was told has not changed",
    async run(context) {
      const { layer, eventually } = context;
      const group = fresh("room");
      const listener = new LayerReader(layer);
      const presence = { key: "ann", info: { name: "Ann" } };
      await layer.join(group, listener.channel, { presenceEvents: "changes" });
      const story = new Story(listener);
      const former = new LayerReader(layer).channel;
      await layer.join(group, former, { presence });
      await gathered(context);
      await eventually(() => assert.deepEqual(story.joined, ["ann"]));
      await Promise.all([
        former.close(),
        layer.join(group, new LayerReader(layer).channel, { presence }),
      ]);
      await layer.join(group, new LayerReader(layer).channel, { presence: { key: "bob" } });
      await gathered(context);
      await eventually(() => assert.deepEqual(story.keys, ["ann", "bob"]));
      await gathered(context);
      assert.deepEqual([story.joined, story.updated, story.left], [["ann", "bob"], [], []]);
    },
  },
  {
    name: "who left a group, or was closed, hears no more of who is there",
    async run(context) {
      const { layer, other, eventually } = context;
      const group = fresh("room");
      const [left, closed, witness] = numbers(3).map(() => new LayerReader(other));
      for (const { channel } of [left!, closed!, witness!]) {
        await other.join(group, channel, { presenceEvents: "changes" });
      }
      await layer.join(group, new LayerReader(layer).channel, { presence: { key: "ann" } });
      await other.leave(group, left!.channel);
      await closed!.channel.close();
      await other.join(group, left!.channel);
      await gathered(context);
      await eventually(() => assert.equal(witness!.messages.length, 1));
      assert.deepEqual([left!.messages.length, closed!.messages.length], [0, 0]);
    },
  },
  {
    name: "a presence that cannot be is refused, and its member has not joined",
    async run({ layer, eventually }) {
      const group = fresh("room");
      const member = new LayerReader(layer);
      const join = (options: object) => () => layer.join(group, member.channel, options);
      for (const key of ["", "x".repeat(201), "\ud800", 7, undefined]) {
        await rejects("ERR_LAYER_NAME", join({ presence: { key } }));
      }
      for (const info of [1n, { deep: [() => {}] }, Number.NaN, "x".repeat(1_025)]) {
        await rejects("ERR_LAYER_MESSAGE", join({ presence: { key: "ann", info } }));
      }
      await rejects("ERR_INVALID_OPTION", join({ presenceEvents: "all" }));
      assert.equal(await layer.groupCount(group), 0);
      await layer.groupSend(group, note("not for it"));
      await join({ presence: { key: "ann", info: "x".repeat(900) } })();
      await layer.groupSend(group, note("for it"));
      await eventually(() => assert.deepEqual(member.texts, ["for it"]));
      for (const name of ["", "\ud800"]) {
        await rejects("ERR_LAYER_NAME", () => layer.presence(name));
        await rejects("ERR_LAYER_NAME", () => layer.presenceCount(name));
      }
      await layer.close();
      await rejects("ERR_LAYER_CLOSED", () => layer.presence(group));
      await rejects("ERR_LAYER_CLOSED", () => layer.presenceCount(group));
    },
  },
];

/** What a listener has been told, put together as a client would. */
class Story {
  readonly joined: string[] = [];
  readonly updated: string[] = [];
  readonly left: string[] = [];
  readonly #present = new Map<string, Present>();

  constructor(listener: LayerReader) {
    listener.onMessage = (message) => {
      assert.equal(message.type, "presence.changed");
      const { joined, updated, left, keys } = message as unknown as PresenceChanged;
      this.joined.push(...joined.map(({ key }) => key));
      this.updated.push(...updated.map(({ key }) => key));
      this.left.push(...left.map(({ key }) => key));
      for (const each of [...joined, ...updated]) this.#present.set(each.key, each);
      for (const { key } of left) this.#present.delete(key);
      assert.equal(keys, this.#present.size, "the count is not that of what was told");
    };
  }

  get keys(): string[] {
    return [...this.#present.keys()].sort();
  }

  infos(key: string): readonly unknown[] | undefined {
    return this.#present.get(key)?.infos;
  }
}

async function gathered({ gather }: LayerCheckContext): Promise<void> {
  await gather?.();
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function sorted(values: readonly unknown[] | undefined): unknown[] {
  return [...(values ?? [])].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
