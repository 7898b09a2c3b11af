import { describe, expect, it } from "vitest";
import {
  comparisons,
  firstListener,
  groupsHere,
  groupSend,
  habits,
  heartbeats,
  holders,
  join,
  newcomer,
  presenceChange,
  question,
  quietReads,
  subscriptions,
} from "../../../benchmarks/million/arithmetic.ts";
import { type Codec, jsonCodec } from "../../../src/layers/codec.ts";
import type { BrokerLayerOptions } from "../../../src/layers/broker/options.ts";
import { quiet, Rig, type TestProcess } from "./rig.ts";

const history = [{ groups: "kept.*", size: 100 }];
/** As far apart as in production; the clock stands still unless it is turned. */
const usual: BrokerLayerOptions = { ...habits, history };

describe("a message to a group costs the broker what its processes cost, not its members", () => {
  for (const group of ["plain", "kept.room"]) {
    it(`3 processes with 1, 10 and 100 members each: the same commands and bytes, for ${group}`, async () => {
      const costs = [];
      for (const members of [1, 10, 100]) {
        const town = await Town.of(5);
        const heard = await town.populate(group, 3, members);
        town.forget();
        const message = { type: "chat.message", text: "good morning" } as const;
        await town.processes[4]!.layer.groupSend(group, message);
        await quiet();
        expect(heard.count).toBe(3 * members);
        costs.push({ ...town.cost(), encoded: town.codec.encoded, decoded: town.codec.decoded });
      }
      expect(costs[0]).toMatchObject({ ...groupSend(3), encoded: 1, decoded: 3 });
      expect(costs[0]!.bytes).toBeGreaterThan(0);
      expect(costs[1]).toEqual(costs[0]);
      expect(costs[2]).toEqual(costs[0]);
    });
  }

  it("4 processes with members cost one delivery more than 3", async () => {
    const bytes = [];
    for (const processes of [3, 4]) {
      const town = await Town.of(5);
      await town.populate("plain", processes, 10);
      town.forget();
      await town.processes[4]!.layer.groupSend("plain", { type: "chat.message", text: "hello" });
      await quiet();
      expect(town.cost()).toMatchObject(groupSend(processes));
      bytes.push(town.cost().bytes);
    }
    expect(bytes[1]! / bytes[0]!).toBeCloseTo(4 / 3, 10);
  });
});

describe("10 processes with 1 000 members each, in 1 000 groups, cost what the formulas say", () => {
  it("to fill", async () => {
    const town = await Town.of(10);
    town.forget();
    const { joins, firsts, places } = await town.fill(1_000, 1_000);
    expect(joins).toBe(10_000);
    const first = join({ isFirst: true, hasHistory: true, hasPosition: false });
    expect(town.cost().commands).toBe(firsts * first);
    // Ten members in each group on average: chance spreads them as the formula says.
    expect(firsts / 10 / groupsHere(1_000, 1_000)).toBeGreaterThan(0.98);
    expect(firsts / 10 / groupsHere(1_000, 1_000)).toBeLessThan(1.02);
    for (const [index, { broker }] of town.processes.entries()) {
      expect(broker.subscriptions).toBe(subscriptions(places[index]!.size));
    }
  });

  it("to send to each group once", async () => {
    const town = await Town.of(10);
    const { groups, places } = await town.fill(200, 200);
    town.forget();
    let deliveries = 0;
    for (const [index, group] of groups.entries()) {
      const sender = town.processes[index % 10]!;
      await sender.layer.groupSend(group, { type: "chat.message", text: "hello" });
      deliveries += groupSend(places.filter((place) => place.has(group)).length).deliveries;
    }
    await quiet();
    expect(town.cost()).toMatchObject({ commands: groups.length, deliveries });
    const foreseen = groups.length * groupSend(holdersOf(200, 200, 10)).deliveries;
    expect(deliveries / foreseen).toBeGreaterThan(0.95);
    expect(deliveries / foreseen).toBeLessThan(1.05);
    expect(town.codec).toMatchObject({ encoded: groups.length, decoded: deliveries });
  });

  it("to come back to with a position, wherever that is", async () => {
    const town = await Town.of(10);
    await town.populate("kept.room", 1, 1);
    const [one, other] = town.processes;
    const since = (await one!.layer.groupSend("kept.room", { type: "chat.message" }))!;
    await one!.layer.groupSend("kept.room", { type: "chat.message" });
    await quiet();
    for (const [process, isFirst] of [
      [one, false],
      [other, true],
      [other, false],
    ] as const) {
      town.forget();
      const channel = process!.layer.channel({ deliver() {}, offer: () => true });
      const { recovered } = await process!.layer.join("kept.room", channel, { since });
      expect(recovered).toBe(true);
      const asked = { isFirst, hasHistory: true, hasPosition: true };
      expect(town.cost().commands).toBe(join(asked));
    }
  });

  it("to ask, to listen and to watch", async () => {
    const town = await Town.of(10);
    const [one, other] = town.processes;
    await town.populate("room", 10, 3);
    town.forget();
    expect(await one!.layer.groupCount("room")).toBe(30);
    expect(town.cost()).toMatchObject(question(10));
    const listener = one!.layer.channel({ deliver() {} });
    for (const expected of [firstListener(10), { commands: 0, deliveries: 0 }]) {
      town.forget();
      await one!.layer.join("room", listener, { presenceEvents: "changes" });
      await quiet();
      expect(town.cost()).toMatchObject(expected);
    }
    town.forget();
    const somebody = other!.layer.channel({ deliver() {} });
    await other!.layer.join("room", somebody, { presence: { key: "ann" } });
    await quiet();
    expect(town.cost()).toMatchObject(presenceChange(1));
    town.forget();
    await one!.layer.watch("hall.*", { occupied() {}, vacated() {} });
    await quiet();
    expect(town.cost()).toMatchObject(firstListener(10));
  });

  for (const others of [1, 2, 9]) {
    it(`to begin beside ${others} others`, async () => {
      const town = await Town.of(others);
      town.forget();
      await town.grow();
      expect(town.cost()).toMatchObject(newcomer(others));
    });
  }

  it("to stay known, and to compare, while nothing happens", async () => {
    const town = await Town.of(10);
    await town.populate("kept.room", 10, 1);
    await town.processes[0]!.layer.join(
      "hall",
      town.processes[0]!.layer.channel({ deliver() {} }),
      { presenceEvents: "count" },
    );
    // Within the first interval they have just been heard.
    await town.pass(2 * habits.checkInterval);
    town.forget();
    const time = 10 * habits.checkInterval;
    await town.pass(time);
    const perSecond = (count: number): number => count / (time / 1_000);
    const { beats, beatDeliveries, reads, letters } = town.kinds();
    expect(perSecond(beats)).toBeCloseTo(heartbeats(10).commands, 5);
    expect(perSecond(beatDeliveries)).toBeCloseTo(heartbeats(10).deliveries, 5);
    // Their times are spread, so an interval may have one more or one less of them.
    expect(perSecond(reads) / quietReads(10, 1)).toBeGreaterThan(0.85);
    expect(perSecond(reads) / quietReads(10, 1)).toBeLessThan(1.15);
    const compared = comparisons(10, 1 / 10).commands;
    expect(perSecond(letters) / compared).toBeGreaterThan(0.85);
    expect(perSecond(letters) / compared).toBeLessThan(1.15);
  });
});

describe("chance", () => {
  it("puts ten members of a group into six or seven of ten processes, and a thousand into all", () => {
    let places = 0;
    const chance = new Chance();
    for (let round = 0; round < 1_000; round += 1) {
      places += new Set(Array.from({ length: 10 }, () => chance.below(10))).size;
    }
    expect(places / 1_000).toBeCloseTo(holders(10, 10), 0);
    expect(holders(1_000, 10)).toBeCloseTo(10, 10);
    expect(holders(1, 10)).toBeCloseTo(1, 10);
  });
});

/** In how many processes a group has members, of so many members of each and groups of all. */
function holdersOf(members: number, groups: number, processes: number): number {
  return (processes * groupsHere(members, groups)) / groups;
}

/** Processes over an engine in memory, and what they ask of it. */
class Town {
  readonly rig: Rig = new Rig();
  readonly processes: TestProcess[] = [];
  readonly codec: CountingCodec = new CountingCodec();
  readonly #chance: Chance = new Chance();

  static async of(processes: number): Promise<Town> {
    const town = new Town();
    for (let count = 0; count < processes; count += 1) await town.grow();
    return town;
  }

  /** Another process, until all know it. */
  async grow(): Promise<void> {
    this.processes.push(this.rig.process({ ...usual, codec: this.codec }));
    await quiet();
  }

  /** Puts so many members of a group into each of the first processes. */
  async populate(group: string, processes: number, members: number): Promise<{ count: number }> {
    const heard = { count: 0 };
    const member = { deliver: () => void (heard.count += 1), offer: () => (heard.count += 1) > 0 };
    for (const { layer } of this.processes.slice(0, processes)) {
      for (let count = 0; count < members; count += 1) {
        await layer.join(group, layer.channel(member));
      }
    }
    await quiet();
    return heard;
  }

  /** Puts so many members into each process, each into a group by chance. */
  async fill(
    members: number,
    count: number,
  ): Promise<{ groups: string[]; places: Set<string>[]; joins: number; firsts: number }> {
    const groups = Array.from({ length: count }, (_, index) => `kept.${index}`);
    const places: Set<string>[] = [];
    const member = { deliver() {}, offer: () => true };
    for (const { layer } of this.processes) {
      const here = new Set<string>();
      const joined = Array.from({ length: members }, () => {
        const group = groups[this.#chance.below(count)]!;
        here.add(group);
        return layer.join(group, layer.channel(member));
      });
      await Promise.all(joined);
      places.push(here);
    }
    const firsts = places.reduce((sum, { size }) => sum + size, 0);
    return { groups, places, joins: members * this.processes.length, firsts };
  }

  /** Lets time pass, in steps in which everything that is said is answered. */
  async pass(time: number): Promise<void> {
    for (let passed = 0; passed < time; passed += 500) {
      this.rig.clock.advance(500);
      await quiet();
    }
  }

  /** Counts from here on. */
  forget(): void {
    for (const { broker } of this.processes) broker.forget();
    this.codec.encoded = 0;
    this.codec.decoded = 0;
  }

  /** What the engine was asked, and what it has brought. */
  cost(): { commands: number; deliveries: number; bytes: number } {
    let [commands, deliveries, bytes] = [0, 0, 0];
    for (const { broker } of this.processes) {
      commands += broker.calls.filter((call) => asked.test(call)).length;
      deliveries += broker.arrived.length;
      for (const arrival of broker.arrived) {
        bytes += ("address" in arrival ? arrival.data : arrival.item.data).length;
      }
    }
    return { commands, deliveries, bytes };
  }

  /** How often each kind of thing happened that happens by itself. */
  kinds(): { beats: number; beatDeliveries: number; reads: number; letters: number } {
    const calls = this.processes.flatMap(({ broker }) => broker.calls);
    const count = (pattern: RegExp): number => calls.filter((call) => pattern.test(call)).length;
    const arrived = this.processes.flatMap(({ broker }) => broker.arrived);
    return {
      beats: count(/^publish a$/),
      beatDeliveries: arrived.filter((arrival) => "address" in arrival && arrival.address === "a")
        .length,
      reads: count(/^read /),
      letters: count(/^publish n/),
    };
  }
}

/** Numbers that are the same every time. */
class Chance {
  #state = 1;

  /** From 0 to `most` - 1. */
  below(most: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * most);
  }
}

/** What a real engine would be sent: each call of the model has one of these words. */
const asked = /^(?:publish|append|read|subscribe|unsubscribe|follow|unfollow) /;

class CountingCodec implements Codec {
  encoded = 0;
  decoded = 0;

  encode: Codec["encode"] = (message) => {
    this.encoded += 1;
    return jsonCodec.encode(message);
  };

  decode: Codec["decode"] = (data) => {
    this.decoded += 1;
    return jsonCodec.decode(data);
  };
}
