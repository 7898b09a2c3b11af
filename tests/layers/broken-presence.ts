import type { LayerMessage, Present } from "../../src/layers/channel-layer.ts";
import { memoryLayer } from "../../src/layers/memory.ts";
import { altered, type BrokenLayer, tapped } from "./broken-layers.ts";

/** One layer for each way to break a promise about presence. */
export const brokenPresence: readonly BrokenLayer[] = [
  {
    layer: "lists each connection by itself",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        async presence(...call) {
          const { present } = await layer.presence(...call);
          return {
            present: present.flatMap(({ key, infos }) =>
              infos.map((info) => ({ key, channels: 1, infos: [info] })),
            ),
          };
        },
      });
    },
    noticed: [
      "who joined with a presence is listed with it, everywhere, several members of one key as one",
    ],
  },
  {
    layer: "lists those who have gone",
    make(options) {
      const layer = memoryLayer(options);
      const kept = new Map<string, Present>();
      return altered(layer, {
        async presence(...call) {
          for (const each of (await layer.presence(...call)).present) kept.set(each.key, each);
          return { present: [...kept.values()] };
        },
      });
    },
    noticed: [
      "who joined with a presence is listed with it, everywhere, several members of one key as one",
    ],
  },
  {
    layer: "gives one page of those who are there and no more",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        presence: async (...call) => ({ present: (await layer.presence(...call)).present }),
      });
    },
    noticed: ["the pages of a group's presence have each key once"],
  },
  {
    layer: "tells of connections, not of keys",
    make: (options) =>
      changing(options, ({ updated, ...message }) => ({
        ...message,
        left: [...(message.left as Present[]), ...(updated as Present[])],
        joined: [...(message.joined as Present[]), ...(updated as Present[])],
      })),
    noticed: [
      "who asked for changes is told who came, changed and left, gathered, and nobody else is",
    ],
  },
  {
    layer: "never tells who has left",
    make: (options) => changing(options, (message) => ({ ...message, left: [] })),
    noticed: [
      "who asked for changes is told who came, changed and left, gathered, and nobody else is",
    ],
  },
  {
    layer: "tells everybody who asked for a count who is there",
    make: (options) => {
      const layer = memoryLayer(options);
      return altered(layer, {
        join: (group, channel, more) =>
          layer.join(
            group,
            channel,
            more?.presenceEvents === "count" ? { ...more, presenceEvents: "changes" } : more,
          ),
      });
    },
    noticed: ["who asked for the count is told that alone, and it ends with the truth"],
  },
  {
    layer: "gathers nothing",
    make: (options) => memoryLayer({ ...options, clock: impatient(options.clock!) }),
    noticed: ["who asked for the count is told that alone, and it ends with the truth"],
  },
  {
    layer: "takes who is back for somebody else",
    make(options) {
      const layer = memoryLayer(options);
      let count = 0;
      return altered(layer, {
        join(group, channel, more) {
          if (more?.presence === undefined) return layer.join(group, channel, more);
          count += 1;
          const { key, info } = more.presence;
          return layer.join(group, channel, { ...more, presence: { key, info: [info, count] } });
        },
        async presence(...call) {
          const { present, ...rest } = await layer.presence(...call);
          const bare = (info: unknown): unknown => (info as unknown[])[0];
          return {
            present: present.map((one) => ({ ...one, infos: one.infos.map(bare) })),
            ...rest,
          };
        },
      });
    },
    noticed: ["who leaves and is back before it was told has not changed"],
  },
  {
    layer: "tells everybody in the group",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        join: (group, channel, more) =>
          layer.join(group, channel, { presenceEvents: "changes", ...more }),
      });
    },
    noticed: [
      "who asked for changes is told who came, changed and left, gathered, and nobody else is",
      "who left a group, or was closed, hears no more of who is there",
    ],
  },
  {
    layer: "takes any presence",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        join: (group, channel, more) =>
          layer.join(group, channel, more).catch(() => layer.join(group, channel)),
      });
    },
    noticed: ["a presence that cannot be is refused, and its member has not joined"],
  },
];

function changing(
  options: Parameters<BrokenLayer["make"]>[0],
  change: (message: LayerMessage) => LayerMessage,
) {
  return tapped(memoryLayer(options), (member) => (message, delivery) => {
    const isChange = message.type === "presence.changed";
    member.deliver(isChange ? change(message) : message, delivery);
  });
}

/** A clock for which the shortest times are over at once. */
function impatient(clock: NonNullable<Parameters<BrokenLayer["make"]>[0]["clock"]>) {
  return {
    now: () => clock.now(),
    endOfTurn: (callback: () => void) => clock.endOfTurn(callback),
    after(delay: number, callback: () => void) {
      if (delay > 100) return clock.after(delay, callback);
      queueMicrotask(callback);
      return () => {};
    },
  };
}
