import { type ChannelLayer, type Codec, jsonCodec, type LayerMessage } from "sluice";
import { type BrokerServer, difference, type MeasuredLayer, type Tally } from "./broker-server.ts";

/** What one message to a group costs, where so many processes have so many members of it each. */
export interface GrowthPoint extends Tally {
  readonly holders: number;
  readonly members: number;
  /** How often it was written down, and read, in all processes together. */
  readonly encoded: number;
  readonly decoded: number;
}

/** What is tried. */
export interface GrowthOptions {
  readonly holders: readonly number[];
  readonly members: readonly number[];
  /** How many messages each figure is the mean of. */
  readonly sends: number;
  readonly hasHistory?: boolean;
}

/** What a message to a group costs a broker, for some numbers of processes and of members. */
export async function growth(
  server: BrokerServer,
  { holders, members, sends, hasHistory = false }: GrowthOptions,
): Promise<GrowthPoint[]> {
  const codec = new CountingCodec();
  const history = hasHistory ? [{ groups: "kept.*" }] : [];
  const processes: MeasuredLayer[] = [];
  try {
    // The last one sends, and has no member.
    for (let count = 0; count <= Math.max(...holders); count += 1) {
      processes.push(await server.layer({ codec, history }));
    }
    const layers = processes.map(({ layer }) => layer);
    for (const layer of layers) await layer.groupCount("known");
    const points: GrowthPoint[] = [];
    for (const some of holders) {
      for (const each of members) {
        // All names are equally long: a broker is told them with every message.
        const number = `${some * 10_000 + each}`.padStart(8, "0");
        const group = `${hasHistory ? "kept" : "bare"}.${number}`;
        const crowd = await Crowd.of(layers.slice(0, some), group, each);
        const sender = layers.at(-1) as ChannelLayer;
        // The first one may have something to set up.
        await crowd.hear(sender, group, 1);
        codec.forget();
        const before = await server.tally();
        await crowd.hear(sender, group, sends);
        const spent = difference(before, await server.tally());
        points.push({
          ...{ holders: some, members: each },
          commands: spent.commands / sends,
          bytesIn: spent.bytesIn / sends,
          bytesOut: spent.bytesOut / sends,
          encoded: codec.encoded / sends,
          decoded: codec.decoded / sends,
        });
      }
    }
    return points;
  } finally {
    for (const { end } of processes) await end();
  }
}

/** A message as chats have it, of about 100 bytes. */
export const usualMessage: LayerMessage = {
  type: "chat.message",
  user: "ann",
  text: "Shall we meet at the lock at nine, or is that too early?",
};

/** Members of one group, in some processes, who count what comes. */
class Crowd {
  readonly #size: number;
  #heard = 0;
  #wanted = 0;
  #done: () => void = () => {};

  static async of(layers: readonly ChannelLayer[], group: string, each: number): Promise<Crowd> {
    const crowd = new Crowd(layers.length * each);
    const member = {
      deliver: () => crowd.#hear(),
      offer: () => {
        crowd.#hear();
        return true;
      },
    };
    for (const layer of layers) {
      for (let count = 0; count < each; count += 1) {
        await layer.join(group, layer.channel(member));
      }
    }
    return crowd;
  }

  private constructor(size: number) {
    this.#size = size;
  }

  /** Resolves when every member has had so many messages. */
  async hear(sender: ChannelLayer, group: string, sends: number): Promise<void> {
    this.#heard = 0;
    this.#wanted = sends * this.#size;
    const heard = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    // One after the other: each is a packet of its own, as where many processes send.
    for (let count = 0; count < sends; count += 1) await sender.groupSend(group, usualMessage);
    await heard;
  }

  #hear(): void {
    this.#heard += 1;
    if (this.#heard === this.#wanted) this.#done();
  }
}

/** JSON, which counts. */
class CountingCodec implements Codec {
  encoded = 0;
  decoded = 0;

  forget(): void {
    this.encoded = 0;
    this.decoded = 0;
  }

  encode(message: LayerMessage): string | Uint8Array {
    this.encoded += 1;
    return jsonCodec.encode(message);
  }

  decode(encoded: string | Uint8Array): LayerMessage {
    this.decoded += 1;
    return jsonCodec.decode(encoded);
  }
}
