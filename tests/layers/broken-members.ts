import { memoryLayer } from "../../src/layers/memory.ts";
import { altered, type BrokenLayer } from "./broken-layers.ts";

/** One layer for each way to break a promise about who is in a group. */
export const brokenMembers: readonly BrokenLayer[] = [
  {
    layer: "counts joins",
    make(options) {
      const layer = memoryLayer(options);
      const counts = new Map<string, number>();
      const count = (group: string, by: number): void =>
        void counts.set(group, (counts.get(group) ?? 0) + by);
      return altered(layer, {
        join(group, ...call) {
          count(group, 1);
          return layer.join(group, ...call);
        },
        leave(group, ...call) {
          count(group, -1);
          return layer.leave(group, ...call);
        },
        groupCount: async (group) => counts.get(group) ?? 0,
      });
    },
    noticed: [
      "the count of a group is that of its readers, in this process and in others",
      "who joins again with a position goes back to there",
    ],
  },
  {
    layer: "knows members of yesterday",
    make(options) {
      const layer = memoryLayer(options);
      const members = new Set<string>();
      return altered(layer, {
        join(group, channel, more) {
          members.add(JSON.stringify([group, channel.name]));
          return layer.join(group, channel, more);
        },
        isMember: async (...of) => members.has(JSON.stringify(of)),
      });
    },
    noticed: [
      "whether a channel is a member is known everywhere when its join or leave has resolved",
    ],
  },
  {
    layer: "counts its pages by place",
    make(options) {
      const layer = memoryLayer(options);
      const groups = new Map<string, Set<string>>();
      return altered(layer, {
        join(group, channel, more) {
          groups.set(group, (groups.get(group) ?? new Set()).add(channel.name));
          return layer.join(group, channel, more);
        },
        leave(group, channel) {
          groups.get(group)?.delete(channel.name);
          return layer.leave(group, channel);
        },
        async groupMembers(group, { after = "0", limit = 100 } = {}) {
          const end = Number(after) + limit;
          const all = [...(groups.get(group) ?? [])];
          const channels = all.slice(Number(after), end);
          return end < all.length ? { channels, next: `${end}` } : { channels };
        },
      });
    },
    noticed: [
      "the pages of a group's members have everybody who stayed once, and nobody who was never there",
    ],
  },
  {
    layer: "gives one page and no more",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        groupMembers: async (group) => ({
          channels: (await layer.groupMembers(group, { limit: 1 })).channels,
        }),
      });
    },
    noticed: [
      "the pages of a group's members have everybody who stayed once, and nobody who was never there",
      "questions about names that cannot be, pages that cannot be, and closed layers are refused",
    ],
  },
  {
    layer: "counts the readers of a fixed name as one",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        groupCount: async (group) => (await layer.groupMembers(group)).channels.length,
      });
    },
    noticed: ["readers that share a fixed name are counted each, and listed once"],
  },
  {
    layer: "tells watchers of changes only",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        async watch(groups, watcher) {
          let isLive = false;
          const watch = await layer.watch(groups, {
            occupied: (group) => isLive && watcher.occupied?.(group),
            vacated: (group) => watcher.vacated?.(group),
          });
          isLive = true;
          return watch;
        },
      });
    },
    noticed: ["a watcher hears of the groups that are occupied, then of each change, in turns"],
  },
  {
    layer: "tells watchers of every member",
    make(options) {
      const layer = memoryLayer(options);
      const watchers: ((group: string) => void)[] = [];
      return altered(layer, {
        async join(group, ...call) {
          const joined = await layer.join(group, ...call);
          for (const tell of watchers) tell(group);
          return joined;
        },
        watch(groups, watcher) {
          watchers.push((group) => watcher.occupied?.(group));
          return layer.watch(groups, watcher);
        },
      });
    },
    noticed: ["a watcher hears of the groups that are occupied, then of each change, in turns"],
  },
  {
    layer: "never stops telling a watcher",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        async watch(...call) {
          await layer.watch(...call);
          return { close: async () => {} };
        },
      });
    },
    noticed: ["a watcher hears of the groups that are occupied, then of each change, in turns"],
  },
  {
    layer: "takes a pattern for a prefix",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        watch: (groups, watcher) =>
          layer.watch(groups === "" ? "" : String(groups).replace(/\*.*$/, "*"), watcher),
      });
    },
    noticed: ["a watcher hears of the groups that its pattern matches, and of no others"],
  },
];
