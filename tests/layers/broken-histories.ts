import type { Channel, ChannelLayer, Gap, Member } from "../../src/layers/channel-layer.ts";
import { memoryLayer, type MemoryLayerOptions } from "../../src/layers/memory.ts";
import { altered, type BrokenLayer, turn } from "./broken-layers.ts";

/** One layer for each way to break a promise about histories and recovery. */
export const brokenHistories: readonly BrokenLayer[] = [
  {
    layer: "keeps no history",
    make: (options) => memoryLayer({ ...options, history: [] }),
    noticed: [
      "every message of a group with a history has a position of its own, the same for all",
      "who joins with a position gets exactly what came after it, then live messages",
      "a message that is sent again with its id is not delivered again, and has the same position",
    ],
  },
  {
    layer: "keeps a history of every group",
    make: (options) => memoryLayer({ ...options, history: [{ groups: "*" }] }),
    noticed: ["a group without a history gives no positions, offers nothing and recovers nothing"],
  },
  {
    layer: "holds more than it says",
    make: (options) => memoryLayer({ ...options, history: [{ groups: "kept.*", size: 100 }] }),
    noticed: [
      "who has missed more than is held gets nothing old, is told so, and goes on live",
      "what is too old is not recovered",
      "an id means something in its own group and for a while only",
      "a member without room for longer than the history reaches back is told the gap, and goes on",
    ],
  },
  {
    layer: "counts from one again after it has forgotten",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        groupSend: async (...call) => (await layer.groupSend(...call))?.split(".").at(-1),
      });
    },
    noticed: ["no position is ever given twice, not even after the history was forgotten"],
  },
  {
    layer: "says that it recovered what it did not",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        join: async (...call) => ({ ...(await layer.join(...call)), recovered: true }),
      });
    },
    noticed: [
      "every message of a group with a history has a position of its own, the same for all",
      "who has missed more than is held gets nothing old, is told so, and goes on live",
      "what is too old is not recovered",
      "what is no position of this group's history is not recovered, whatever it is, and harms nobody",
    ],
  },
  {
    layer: "delivers a part of what was missed",
    make(options) {
      const layer = memoryLayer(options);
      const sent: string[] = [];
      return altered(layer, {
        async groupSend(...call) {
          const position = await layer.groupSend(...call);
          if (position !== undefined) sent.push(position);
          return position;
        },
        async join(group, channel, more) {
          const joined = await layer.join(group, channel, more);
          if (joined.recovered === false) {
            for (const since of sent) {
              if ((await layer.join(group, channel, { since })).recovered) break;
            }
          }
          return joined;
        },
      });
    },
    noticed: ["who has missed more than is held gets nothing old, is told so, and goes on live"],
  },
  {
    layer: "reads the history, then joins",
    make: (options) => seamed(options, "late"),
    noticed: [
      "who joins while messages stream in gets each one once, in order, with none missing at the seam",
    ],
  },
  {
    layer: "joins, then reads the history",
    make: (options) => seamed(options, "early"),
    noticed: [
      "who joins while messages stream in gets each one once, in order, with none missing at the seam",
    ],
  },
  {
    layer: "takes what it cannot read for a mistake of the caller",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        async join(group, channel, more) {
          const joined = await layer.join(group, channel, more);
          if (joined.recovered === false) throw new RangeError("no such position");
          return joined;
        },
      });
    },
    noticed: [
      "what is no position of this group's history is not recovered, whatever it is, and harms nobody",
      "what is too old is not recovered",
    ],
  },
  {
    layer: "does not go back for a member",
    make(options) {
      const layer = memoryLayer(options);
      const known = new Set<string>();
      return altered(layer, {
        async join(group, channel, more) {
          const key = JSON.stringify([group, channel.name]);
          if (known.has(key)) return { ...(await layer.join(group, channel)), recovered: true };
          known.add(key);
          return layer.join(group, channel, more);
        },
      });
    },
    noticed: ["who joins again with a position goes back to there"],
  },
  {
    layer: "recovers an empty group not at all",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        join: (group, channel, more) =>
          more?.since?.endsWith(".0") === true
            ? layer.join(group, channel, { since: "nothing yet" })
            : layer.join(group, channel, more),
      });
    },
    noticed: [
      "the position of an empty group recovers all that came after it, also what nobody was there for",
    ],
  },
  {
    layer: "forgets who was left out",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        groupSend: (group, message, { id } = {}) =>
          layer.groupSend(group, message, id === undefined ? {} : { id }),
      });
    },
    noticed: ["who was left out by except is left out in a recovery, and misses nothing else"],
  },
  {
    layer: "ignores ids",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        groupSend: (group, message, { except } = {}) =>
          layer.groupSend(group, message, except === undefined ? {} : { except }),
      });
    },
    noticed: [
      "a message that is sent again with its id is not delivered again, and has the same position",
      "an id that is no string, empty, too long or not well-formed is refused",
    ],
  },
  {
    layer: "knows ids of all groups in one list",
    make(options) {
      const layer = memoryLayer(options);
      const known = new Map<string, string | undefined>();
      return altered(layer, {
        async groupSend(group, message, more) {
          const id = more?.id;
          if (id !== undefined && known.has(id)) return known.get(id);
          const position = await layer.groupSend(group, message, more);
          if (id !== undefined) known.set(id, position);
          return position;
        },
      });
    },
    noticed: ["an id means something in its own group and for a while only"],
  },
  {
    layer: "asks a member without room again",
    make: (options) =>
      offering(options, (member) => ({
        offer: (message, delivery) =>
          member.offer!(message, delivery) || member.offer!(message, delivery),
      })),
    noticed: [
      "a member without room is left in peace, costs the others nothing, and is caught up in order",
    ],
  },
  {
    layer: "delivers whether there is room or not",
    make: (options) => offering(options, () => ({ offer: undefined })),
    noticed: [
      "a member without room is left in peace, costs the others nothing, and is caught up in order",
      "a recovery that its member has no room for goes on when there is",
    ],
  },
  {
    layer: "loses in silence what a member has no room for",
    make: (options) =>
      offering(options, (member) => ({
        offer(message, delivery) {
          member.offer!(message, delivery);
          return true;
        },
      })),
    noticed: [
      "a member without room is left in peace, costs the others nothing, and is caught up in order",
      "a member without room for longer than the history reaches back is told the gap, and goes on",
      "who was left out by except is left out in a recovery, and misses nothing else",
    ],
  },
  {
    layer: "never goes on after a member had no room",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        channel(...call) {
          const channel = layer.channel(...call);
          channel.resume = () => {};
          return channel;
        },
      });
    },
    noticed: [
      "a member without room is left in peace, costs the others nothing, and is caught up in order",
    ],
  },
  {
    layer: "says nothing of a gap",
    make: (options) => offering(options, () => ({ gap: undefined })),
    noticed: [
      "a member without room for longer than the history reaches back is told the gap, and goes on",
    ],
  },
  {
    layer: "says the wrong thing of a gap",
    make: (options) =>
      offering(options, (member) => ({
        gap: ({ group, lastSeen }: Gap) => member.gap?.({ group, lastSeen, top: lastSeen }),
      })),
    noticed: [
      "a member without room for longer than the history reaches back is told the gap, and goes on",
    ],
  },
  {
    layer: "catches up those who have left",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        leave: (...call) => turn().then(() => layer.leave(...call)),
        channel(...call) {
          const channel = layer.channel(...call);
          const close = channel.close.bind(channel);
          channel.close = () => turn().then(close);
          return channel;
        },
      });
    },
    noticed: [
      "who left a group while it had no room in it, or was closed, is not caught up",
      "who leaves while it is recovered gets nothing more",
    ],
  },
];

/** A layer whose members are offered something else than what the layer offers them. */
function offering(
  options: MemoryLayerOptions,
  change: (member: Member) => {
    offer?: Member["offer"] | undefined;
    gap?: Member["gap"] | undefined;
  },
): ChannelLayer {
  const layer = memoryLayer(options);
  return altered(layer, {
    channel(member, more) {
      const changes = change(member);
      const changed: { -readonly [K in keyof Member]: Member[K] } = {
        deliver: (message, delivery) => member.deliver(message, delivery),
      };
      const plain = {
        offer: member.offer?.bind(member),
        gap: member.gap?.bind(member),
        ...changes,
      };
      if (plain.offer !== undefined) changed.offer = plain.offer;
      if (plain.gap !== undefined) changed.gap = plain.gap;
      return layer.channel(changed, more);
    },
  });
}

/** A layer that joins and reads in two turns, without keeping what comes between them. */
function seamed(options: MemoryLayerOptions, joins: "early" | "late"): ChannelLayer {
  const layer = memoryLayer(options);
  const members = new Map<Channel, Member>();
  return altered(layer, {
    channel(member, more) {
      const channel = layer.channel(member, more);
      members.set(channel, member);
      return channel;
    },
    async join(group, channel, more) {
      if (more?.since === undefined) return layer.join(group, channel, more);
      const member = members.get(channel)!;
      if (joins === "early") await layer.join(group, channel);
      await turn();
      const missed: Parameters<Member["deliver"]>[] = [];
      const reader = layer.channel({ deliver: (...call) => missed.push(call) });
      const joined = await layer.join(group, reader, more);
      await reader.close();
      for (const call of missed) member.deliver(...call);
      await turn();
      if (joins === "late") await layer.join(group, channel);
      return joined;
    },
  });
}
