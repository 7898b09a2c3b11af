import { expect, test } from "vitest";
import { memoryLayer } from "../../src/layers/memory.ts";
import { LayerReader, note, numbers } from "../../src/testing/layer-reader.ts";
import { Random } from "../../src/testing/random.ts";

/** A client that comes and goes, and keeps what it has seen of each room. */
interface Client {
  reader: LayerReader | undefined;
  readonly seen: Map<string, { texts: unknown[]; position: string }>;
}

// What was reported of the Redis layer of Django Channels: seven clients in rooms of three and four,
// always reconnecting, and messages that got lost within minutes.
test("seven clients in two rooms, always reconnecting: nobody misses or repeats one of 100 000 messages", async () => {
  const random = new Random(1683);
  const rooms = ["three", "four"];
  const layer = memoryLayer({ history: [{ groups: "*", size: 1_000, bytes: 2 ** 24 }] });
  const stable = rooms.map(() => new LayerReader(layer));
  const starts = new Map<string, string>();
  for (const [index, room] of rooms.entries()) {
    const { position } = await layer.join(room, stable[index]!.channel);
    starts.set(room, position!);
  }
  const clients = numbers(7).map((number): Client => {
    const room = rooms[number < 3 ? 0 : 1]!;
    return {
      reader: undefined,
      seen: new Map([[room, { texts: [], position: starts.get(room)! }]]),
    };
  });

  const connect = async (client: Client): Promise<void> => {
    const reader = new LayerReader(layer);
    client.reader = reader;
    for (const [room, seen] of client.seen) {
      const { recovered } = await layer.join(room, reader.channel, { since: seen.position });
      if (recovered !== true) throw new Error("not recovered");
    }
  };
  const disconnect = async (client: Client): Promise<void> => {
    const { reader } = client;
    client.reader = undefined;
    await reader?.channel.close();
    for (const [index, { text }] of reader?.messages.entries() ?? []) {
      const { group, position } = reader!.deliveries[index]!;
      const seen = client.seen.get(group!)!;
      seen.texts.push(text);
      seen.position = position!;
    }
  };

  for (const number of numbers(100_000)) {
    const client = clients[Math.floor(random.next() * 7)]!;
    if (random.happens(0.05)) await (client.reader === undefined ? connect : disconnect)(client);
    await layer.groupSend(rooms[number % 2]!, note(number));
  }
  for (const client of clients) {
    if (client.reader === undefined) await connect(client);
    await disconnect(client);
  }

  for (const [parity, room] of rooms.entries()) {
    const sent = numbers(100_000).filter((number) => number % 2 === parity);
    expect(stable[parity]!.texts).toEqual(sent);
    for (const { seen } of clients) {
      if (seen.has(room)) expect(seen.get(room)!.texts).toEqual(sent);
    }
  }
}, 60_000);
