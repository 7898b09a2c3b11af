import type {
  Channel,
  ChannelLayer,
  LayerMessage,
  Member,
} from "../../src/layers/channel-layer.ts";
import { type Codec, jsonCodec } from "../../src/layers/codec.ts";
import { memoryLayer, type MemoryLayerOptions } from "../../src/layers/memory.ts";

/** A layer that breaks a promise, and the checks that have to notice. */
export interface BrokenLayer {
  /** What is wrong with it: "notice a layer that …". */
  readonly layer: string;
  readonly make: (options: MemoryLayerOptions) => ChannelLayer;
  readonly noticed: readonly string[];
}

/** One layer for each way to break a promise. */
export const brokenLayers: readonly BrokenLayer[] = [
  {
    layer: "loses one group message in fifty",
    make(options) {
      const layer = memoryLayer(options);
      let count = 0;
      return altered(layer, {
        async groupSend(...call) {
          count += 1;
          return count % 50 === 0 ? undefined : layer.groupSend(...call);
        },
      });
    },
    noticed: ["500 messages of one sender to a group arrive once each and in order"],
  },
  {
    layer: "loses one direct message in fifty",
    make(options) {
      const layer = memoryLayer(options);
      let count = 0;
      return altered(layer, {
        async send(...call) {
          count += 1;
          if (count % 50 !== 0) await layer.send(...call);
        },
      });
    },
    noticed: ["500 messages of one sender to a channel arrive once each and in order"],
  },
  {
    layer: "lets one message overtake another",
    make(options) {
      const layer = memoryLayer(options);
      let count = 0;
      const dawdle = async (): Promise<void> => {
        count += 1;
        if (count % 10 === 0) await turn();
      };
      return altered(layer, {
        send: (...call) => dawdle().then(() => layer.send(...call)),
        groupSend: (...call) => dawdle().then(() => layer.groupSend(...call)),
      });
    },
    noticed: [
      "500 messages of one sender to a group arrive once each and in order",
      "500 messages of one sender to a channel arrive once each and in order",
      "each reader of a fixed name sees one sender's messages in their order",
    ],
  },
  {
    layer: "delivers everything twice",
    make: (options) =>
      tapped(memoryLayer(options), (member) => (message, delivery) => {
        member.deliver(message, delivery);
        member.deliver(message, delivery);
      }),
    noticed: [
      "a message to a group reaches every member, and says which group it came by",
      "a message to a channel reaches its reader alone, and says nothing of a group",
      "readers of a fixed name compete: each message goes to exactly one of them",
      "joining twice is joining once",
    ],
  },
  {
    layer: "delivers later, each member in an order of its own",
    make(options) {
      let odd = false;
      return tapped(memoryLayer(options), (member) => {
        odd = !odd;
        const rarely = odd ? 7 : 11;
        let count = 0;
        return (message, delivery) => {
          count += 1;
          if (count % rarely !== 0) member.deliver(message, delivery);
          else setImmediate(() => member.deliver(message, delivery));
        };
      });
    },
    noticed: ["all members in one process see one order, whoever the senders are"],
  },
  {
    layer: "serves what is sent during a delivery at once",
    make: (options) => naive(memoryLayer(options)),
    noticed: [
      "what a member sends while it is served comes after that message, for all members",
      "two channels that answer each other inside a delivery do not exhaust the stack",
      "who is closed or leaves during a delivery does not even get that message",
      "who joins during a delivery gets the next message, not that one",
    ],
  },
  {
    layer: "resolves a join before it is live",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        async join(...call) {
          setImmediate(() => void layer.join(...call).catch(() => {}));
          return {};
        },
      });
    },
    noticed: [
      "a join that has resolved is live: nothing that is sent afterwards is missed",
      "a join with a position that the group cannot recover says so",
      "a closed channel, or one of another layer, cannot join",
    ],
  },
  {
    layer: "does not leave",
    make: (options) => altered(memoryLayer(options), { leave: async () => {} }),
    noticed: [
      "after leave nothing more of that group arrives, and other groups go on",
      "one channel in 1 000 groups gets exactly the messages of those that it has not left",
    ],
  },
  {
    layer: "leaves only when leave resolves",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, { leave: (...call) => turn().then(() => layer.leave(...call)) });
    },
    noticed: ["after leave nothing more of that group arrives, and other groups go on"],
  },
  {
    layer: "goes on delivering to closed channels",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        channel(...call) {
          const channel = layer.channel(...call);
          channel.close = async () => {};
          return channel;
        },
      });
    },
    noticed: [
      "closing a channel leaves all its groups at once",
      "a message to a closed channel is lost without an error",
      "when a reader of a fixed name closes, the others get what comes",
    ],
  },
  {
    layer: "ignores except",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, { groupSend: (group, message) => layer.groupSend(group, message) });
    },
    noticed: [
      "except leaves out one channel, in this process or another, and nobody else",
      "a message to a group says the id that its sender gave it",
    ],
  },
  {
    layer: "says nothing of how a message came",
    make: (options) =>
      tapped(memoryLayer(options), (member) => (message) => member.deliver(message, {})),
    noticed: [
      "a message to a group reaches every member, and says which group it came by",
      "any Unicode string names a group, and reaches nobody else's",
    ],
  },
  {
    layer: "takes nobody there for an error",
    make(options) {
      const layer = memoryLayer(options);
      const groups = new Map<string, Set<Channel>>();
      const nobody = (): never => {
        throw new Error("nobody there");
      };
      return altered(layer, {
        async join(group, channel, more) {
          const joined = await layer.join(group, channel, more);
          groups.set(group, (groups.get(group) ?? new Set()).add(channel));
          return joined;
        },
        leave: async (group, channel) =>
          groups.get(group)?.delete(channel) ? layer.leave(group, channel) : nobody(),
        groupSend: async (group, message, more) =>
          groups.has(group) ? layer.groupSend(group, message, more) : nobody(),
      });
    },
    noticed: [
      "leaving a group that was not joined is not an error",
      "a message to a group without members is lost without an error",
    ],
  },
  {
    layer: "gives every reader of a fixed name every message, and keeps none",
    make(options) {
      const layer = memoryLayer(options);
      const group = (name: string): string => `all of ${name}`.slice(0, 200);
      return altered(layer, {
        channel(member, more) {
          const channel = layer.channel(member, more);
          if (more?.name !== undefined) void layer.join(group(more.name), channel).catch(() => {});
          return channel;
        },
        async send(channel, message) {
          if (channel.startsWith("sluice.")) await layer.send(channel, message);
          else await layer.groupSend(group(channel), message);
        },
      });
    },
    noticed: [
      "readers of a fixed name compete: each message goes to exactly one of them",
      "what arrives on a fixed name while nobody reads waits for the next reader, in order",
    ],
  },
  {
    layer: "has no capacity",
    make: (options) => memoryLayer({ ...options, capacity: 1_000 }),
    noticed: ["a fixed name holds as many messages as its capacity, and says when it is full"],
  },
  {
    layer: "never lets a message expire",
    make: (options) => memoryLayer({ ...options, expiry: 1_000_000 }),
    noticed: ["what waits on a fixed name expires, and makes room"],
  },
  {
    layer: "cleans names up",
    make(options) {
      const layer = memoryLayer(options);
      const clean = (name: string): string => name.trim().normalize().replaceAll(/[*>:]/g, "_");
      return altered(layer, {
        channel: (member, more) =>
          layer.channel(member, more?.name === undefined ? {} : { name: clean(more.name) }),
        join: (group, channel) => layer.join(clean(group), channel),
        groupSend: (group, message, more) => layer.groupSend(clean(group), message, more),
      });
    },
    noticed: [
      "any Unicode string names a group, and reaches nobody else's",
      "any Unicode string names a channel, and reaches nobody else's, nor a group",
    ],
  },
  {
    layer: "cuts names that are too long",
    make(options) {
      const layer = memoryLayer(options);
      const cut = (name: string): string => Buffer.from(name).subarray(0, 200).toString();
      return altered(layer, {
        groupSend: async (group, message, more) => layer.groupSend(cut(group), message, more),
      });
    },
    noticed: ["a name that is no string, empty, too long or not well-formed is refused"],
  },
  {
    layer: "throws instead of rejecting",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        groupSend(group, message, more) {
          if (!message.type?.includes(".")) throw new TypeError("bad type");
          return layer.groupSend(group, message, more);
        },
      });
    },
    noticed: ["a message without a type with a dot, or with a reserved one, is refused"],
  },
  {
    layer: "goes on after it was closed",
    make: (options) => altered(memoryLayer(options), { close: async () => {} }),
    noticed: ["a closed layer delivers nothing more and refuses every call but close"],
  },
  {
    layer: "encodes with bare JSON",
    make: (options) => withCodec(options, { encode: (message) => JSON.stringify(message) }),
    noticed: [
      "every JSON value arrives equal, and so do bytes",
      "a message of half a mebibyte arrives equal, by either way",
      "what JSON cannot carry is refused, also when nobody listens",
    ],
  },
  {
    layer: "decodes to an object that its readers can change",
    make: (options) =>
      withCodec(options, { decode: (text) => JSON.parse(String(text)) as LayerMessage }),
    noticed: ["all members in one process get one object, frozen to its depth"],
  },
  {
    layer: "gives each member a copy of its own",
    make: (options) =>
      tapped(memoryLayer(options), (member) => (message, delivery) => {
        member.deliver(jsonCodec.decode(jsonCodec.encode(message)), delivery);
      }),
    noticed: ["all members in one process get one object, frozen to its depth"],
  },
  {
    layer: "copies messages by assignment",
    make: (options) =>
      withCodec(options, {
        decode: (text) => Object.freeze(Object.assign({}, jsonCodec.decode(text))),
      }),
    noticed: ["keys like __proto__ are data, and touch no prototype"],
  },
  {
    layer: "writes a message down only later",
    make(options) {
      const layer = memoryLayer(options);
      return altered(layer, {
        groupSend: (...call) => turn().then(() => layer.groupSend(...call)),
      });
    },
    noticed: ["the sender may change its object once the call has returned"],
  },
];

/** A layer that does some things in another way. */
export function altered(layer: ChannelLayer, changes: Partial<ChannelLayer>): ChannelLayer {
  return {
    channel: (member, options) => layer.channel(member, options),
    send: (channel, message) => layer.send(channel, message),
    join: (group, channel, options) => layer.join(group, channel, options),
    leave: (group, channel) => layer.leave(group, channel),
    groupSend: (group, message, options) => layer.groupSend(group, message, options),
    groupCount: (group) => layer.groupCount(group),
    groupMembers: (group, options) => layer.groupMembers(group, options),
    isMember: (group, channel) => layer.isMember(group, channel),
    presence: (group, options) => layer.presence(group, options),
    presenceCount: (group) => layer.presenceCount(group),
    watch: (groups, watcher) => layer.watch(groups, watcher),
    close: () => layer.close(),
    ...changes,
  };
}

/** A layer whose members get something else than what was delivered to them. */
export function tapped(
  layer: ChannelLayer,
  tap: (member: Member) => Member["deliver"],
): ChannelLayer {
  return altered(layer, {
    channel: (member, options) => layer.channel({ deliver: tap(member) }, options),
  });
}

/** Resolves in a later turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function withCodec(options: MemoryLayerOptions, changes: Partial<Codec>): ChannelLayer {
  return memoryLayer({ ...options, codec: { ...jsonCodec, ...changes } });
}

/** Groups and channels as one writes them first: a loop over a set. */
function naive(layer: ChannelLayer): ChannelLayer {
  const groups = new Map<string, Set<Channel>>();
  const members = new Map<Channel, Member>();
  return altered(layer, {
    channel(member, options) {
      const channel = layer.channel(member, options);
      members.set(channel, member);
      return channel;
    },
    async join(group, channel) {
      groups.set(group, (groups.get(group) ?? new Set()).add(channel));
      return {};
    },
    async leave(group, channel) {
      await turn();
      groups.get(group)?.delete(channel);
    },
    // Not async: the stack that overflows here shall be the caller's error, in one piece.
    send(name, message) {
      for (const [channel, member] of members) {
        if (channel.name === name) member.deliver(message, {});
      }
      return Promise.resolve();
    },
    async groupSend(group, message) {
      for (const channel of groups.get(group) ?? []) {
        members.get(channel)?.deliver(message, { group });
      }
      return undefined;
    },
  });
}
