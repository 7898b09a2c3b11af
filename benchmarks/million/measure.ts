import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type ChannelLayer, jsonCodec } from "sluice";
import { cpuTime } from "../cpu-time.ts";
import { thisMachine } from "../machine.ts";
import { spread } from "../statistics.ts";
import { type BrokerServer, difference, type MeasuredLayer } from "./broker-server.ts";
import { type BrokerConstants, type Constants, type Line, lineThrough } from "./constants.ts";
import { measureConnections } from "./crowd.ts";
import { growth, usualMessage } from "./growth.ts";
import { NatsBrokerServer } from "./nats-broker-server.ts";
import { RedisBrokerServer } from "./redis-broker-server.ts";

const history = [{ groups: "kept.*", size: 100 }];
const missed = 20;

/** Measures all constants, on servers that it starts itself. It takes about a minute. */
export async function measure(): Promise<Constants> {
  const redis = await measureBroker(await RedisBrokerServer.start());
  const nats = await measureBroker(await NatsBrokerServer.start());
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: thisMachine(),
    messageSize: Buffer.byteLength(jsonCodec.encode(usualMessage)),
    missed,
    process: { ...(await measureConnections(4_000)), member: redis.member },
    brokers: { redis: redis.constants, nats: nats.constants },
  };
}

async function measureBroker(
  server: BrokerServer,
): Promise<{ constants: BrokerConstants; member: number }> {
  console.error(`measuring ${server.title}`);
  const layers: MeasuredLayer[] = [];
  try {
    const tried = { holders: [1, 2, 4, 8], members: [1, 10, 100], sends: 50 };
    for (let count = 0; count <= most; count += 1) layers.push(await server.layer({ history }));
    const bench = new Bench(
      server,
      layers.map(({ layer }) => layer),
    );
    // First, while the server's memory has grown for nothing else.
    const opened = await bench.opens("bare");
    const followed = await bench.opens("kept");
    const sends = await bench.sends("bare");
    const appends = await bench.sends("kept");
    const recovered = await bench.recovers();
    const member = await bench.member();
    const plain = await growth(server, tried);
    const kept = await growth(server, { ...tried, hasHistory: true });
    return {
      member,
      constants: {
        title: server.title,
        group: opened.heap,
        groupWithHistory: followed.heap,
        publish: sends.broker,
        append: appends.broker,
        subscribe: opened.broker,
        follow: followed.broker,
        subscription: opened.memory,
        ...recovered,
        processSend: sends.process.base,
        processReceive: sends.process.each,
        processJoin: followed.process,
        growth: plain,
        growthWithHistory: kept,
      },
    };
  } finally {
    for (const { end } of layers) await end();
    await server.stop();
  }
}

const most = 16;

/** Layers of one broker, which do one thing many times. */
class Bench {
  readonly #server: BrokerServer;
  readonly #layers: readonly ChannelLayer[];
  #groups = 0;

  constructor(server: BrokerServer, layers: readonly ChannelLayer[]) {
    this.#server = server;
    this.#layers = layers;
  }

  /** What a message costs the broker and the processes, by how many of these have a member. */
  async sends(kind: string): Promise<{ broker: Line; process: Line }> {
    const [sender, ...others] = this.#layers as [ChannelLayer, ...ChannelLayer[]];
    const tries: { holders: number; act: () => Promise<unknown>; rounds: Cost[] }[] = [];
    for (const holders of [1, 4, most]) {
      const group = this.#group(kind);
      for (const layer of others.slice(0, holders)) await layer.join(group, layer.channel(silent));
      const act = () => sender.groupSend(group, usualMessage);
      await times(1_000, act);
      tries.push({ holders, act, rounds: [] });
    }
    // Side by side: what else the machine does meanwhile concerns all of them.
    for (let round = 0; round < 9; round += 1) {
      for (const { act, rounds } of tries) {
        rounds.push(await this.#cost(1_000, () => times(1_000, act)));
      }
    }
    const points = tries.map(({ holders, rounds }) => ({ holders, ...median(rounds) }));
    const line = (figure: "broker" | "process"): Line =>
      lineThrough(points.map((point) => ({ x: point.holders, y: point[figure] })));
    return { broker: line("broker"), process: line("process") };
  }

  /** What the first member of a group in a process costs. */
  async opens(kind: string): Promise<Cost & { heap: number; memory: number }> {
    const layer = this.#layers[0] as ChannelLayer;
    const count = 4_000;
    const act = () => layer.join(this.#group(kind), layer.channel(silent));
    await times(1_000, act);
    const channels = Array.from({ length: count }, () => layer.channel(silent));
    const [heap, memory] = [heapUsed(), await this.#server.memory()];
    let next = 0;
    const cost = await this.#cost(count, () =>
      times(count, () => layer.join(this.#group(kind), channels[next++]!)),
    );
    return {
      ...cost,
      heap: (heapUsed() - heap) / count,
      memory: ((await this.#server.memory()) - memory) / count,
    };
  }

  /** What it costs to come back to a group with a position, and what its history takes. */
  async recovers(): Promise<{ recover: number; recoverCommands: number; message: number }> {
    const [sender, layer] = this.#layers as [ChannelLayer, ChannelLayer];
    const groups = Array.from({ length: 100 }, () => this.#group("kept"));
    const since = new Map<string, string>();
    for (const group of groups) {
      await layer.join(group, layer.channel(silent));
      since.set(group, (await sender.groupSend(group, usualMessage)) as string);
    }
    const before = await this.#server.kept();
    for (const group of groups) await times(missed, () => sender.groupSend(group, usualMessage));
    const message = ((await this.#server.kept()) - before) / groups.length / missed;
    const count = 500;
    let next = 0;
    const come = async (): Promise<void> => {
      const group = groups[next++ % groups.length]!;
      const { recovered } = await layer.join(group, layer.channel(silent), {
        since: since.get(group)!,
      });
      if (recovered !== true) throw new Error(`${group} was not recovered`);
    };
    const rounds = [];
    const start = await this.#server.tally();
    for (let round = 0; round < 5; round += 1) {
      rounds.push(await this.#cost(count, () => times(count, come)));
    }
    const { commands } = difference(start, await this.#server.tally());
    return {
      recover: median(rounds).broker,
      recoverCommands: Math.round(commands / rounds.length / count),
      message,
    };
  }

  /** Heap for a member of a group that is there. */
  async member(): Promise<number> {
    const layer = this.#layers[0] as ChannelLayer;
    const group = this.#group("bare");
    const channels = Array.from({ length: 10_000 }, () => layer.channel(silent));
    await layer.join(group, layer.channel(silent));
    const before = heapUsed();
    for (const channel of channels) await layer.join(group, channel);
    return (heapUsed() - before) / channels.length;
  }

  #group(kind: string): string {
    this.#groups += 1;
    return `${kind}.${`${this.#groups}`.padStart(7, "0")}`;
  }

  async #cost(count: number, act: () => Promise<void>): Promise<Cost> {
    const [broker, own] = [cpuTime(this.#server.pid), process.cpuUsage()];
    await act();
    // What it has been told is done when it answers a question that came later.
    await this.#server.tally();
    const { user, system } = process.cpuUsage(own);
    return {
      broker: (cpuTime(this.#server.pid) - broker) / count,
      process: (user + system) / count,
    };
  }
}

/** CPU time for each time, of the broker and of all our layers together. */
interface Cost {
  readonly broker: number;
  readonly process: number;
}

const silent = { deliver() {}, offer: () => true };

/** Does something many times, some at a time, as many connections do. */
async function times(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += atATime) {
    await Promise.all(Array.from({ length: Math.min(atATime, count - done) }, act));
  }
}

const atATime = 20;

function median(rounds: readonly Cost[]): Cost {
  return {
    broker: spread(rounds.map(({ broker }) => broker)).median,
    process: spread(rounds.map((round) => round.process)).median,
  };
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapUsed(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
