import { randomUUID } from "node:crypto";
import { expect, it, onTestFinished } from "vitest";
import type {
  Address,
  Broker,
  BrokerEars,
  KeptItem,
  KeptSlice,
} from "../../src/layers/broker/broker.ts";
import type { FullHistoryRule } from "../../src/layers/history-rule.ts";
import type { Position } from "../../src/layers/position.ts";

/** What brokers are given for a group, where nothing else is said. */
export const plainRule: FullHistoryRule = {
  groups: "*",
  size: 10,
  ttl: 60_000,
  bytes: 1_000_000,
  recover: 10,
  idWindow: 60_000,
  ids: 100,
};

/** What a broker told, written down; who waits for something is woken by each word. */
export class Notebook implements BrokerEars {
  readonly messages: [Address, string][] = [];
  readonly items: { group: string; epoch: string; item: KeptItem; text: string }[] = [];
  misses = 0;
  #wake: (() => void)[] = [];

  message(address: Address, data: Uint8Array): void {
    this.messages.push([address, text(data)]);
    this.#ring();
  }

  kept(group: string, epoch: string, item: KeptItem): void {
    this.items.push({ group, epoch, item, text: text(item.data) });
    this.#ring();
  }

  missed(): void {
    this.misses += 1;
    this.#ring();
  }

  /** Resolves when this holds. The test's own deadline bounds it. */
  async until(holds: (notes: Notebook) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #ring(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}

export const bytes = (said: string): Uint8Array => new TextEncoder().encode(said);
export const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** The messages of a slice. */
export const texts = ({ items }: KeptSlice): string[] | undefined =>
  items?.map(({ data }) => text(data));

/** Appends a text to a group. */
export function append(
  broker: Broker,
  group: string,
  said: string,
  id?: string,
  rule: FullHistoryRule = plainRule,
): Promise<Position> {
  return broker.append({ group, rule, data: bytes(said), id });
}

/**
 * What a layer relies on in a broker, tried on one. `make` is a new one that talks to the same engine
 * as all others; each test has names of its own.
 */
export function brokerChecks(make: () => Broker | Promise<Broker>): void {
  const named = (name: string): string => `${name} ${randomUUID()}`;
  const opened = async (): Promise<[Broker, Notebook]> => {
    const broker = await make();
    const notes = new Notebook();
    broker.open(notes);
    onTestFinished(() => broker.close());
    return [broker, notes];
  };

  it("carries bytes to every process that listens, and to no other address", async () => {
    const [one, heardByOne] = await opened();
    const [two, heardByTwo] = await opened();
    const group: Address = `g${named("room")}`;
    await Promise.all([one.subscribe(group), two.subscribe(group), two.subscribe("a")]);
    await one.publish("a", bytes("to all"));
    await one.publish(`${group}x`, bytes("to nobody"));
    await one.publish(group, bytes("to both"));
    await heardByOne.until(({ messages }) => messages.length === 1);
    await heardByTwo.until(({ messages }) => messages.length === 2);
    expect(heardByOne.messages).toEqual([[group, "to both"]]);
    expect(heardByTwo.messages).toContainEqual(["a", "to all"]);
    expect(heardByTwo.messages).toContainEqual([group, "to both"]);
  });

  it("knows whether the process that it publishes to is there", async () => {
    const [one] = await opened();
    const [two] = await opened();
    const name: Address = `n${named("process")}`;
    expect(await one.publish(name, bytes("hello"))).toBe(false);
    await two.subscribe(name);
    expect(await one.publish(name, bytes("hello"))).toBe(true);
    await two.unsubscribe(name);
    expect(await one.publish(name, bytes("hello"))).toBe(false);
    expect(await one.publish(`g${name}`, bytes("hello"))).toBe(true);
  });

  it("carries every byte, none at all, and a megabyte", async () => {
    const [broker] = await opened();
    const got: Uint8Array[] = [];
    const [other, notes] = await opened();
    notes.message = (_, data) => {
      got.push(Uint8Array.from(data));
      Notebook.prototype.message.call(notes, "a", data.subarray(0, 1));
    };
    const group: Address = `g${named("bytes")}`;
    await other.subscribe(group);
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const large = new Uint8Array(1_000_000).fill(7);
    for (const data of [every, new Uint8Array(0), large]) await broker.publish(group, data);
    await notes.until(({ messages }) => messages.length === 3);
    expect(got.map(({ length }) => length)).toEqual([256, 0, large.length]);
    expect(got[0]).toEqual(every);
    expect(Buffer.compare(got[2]!, large)).toBe(0);
  });

  it("brings what one process publishes in the order of the calls", async () => {
    const [broker, notes] = await opened();
    const group: Address = `g${named("order")}`;
    await broker.subscribe(group);
    const said = Array.from({ length: 500 }, (_, index) => `${index}`);
    await Promise.all(said.map((each) => broker.publish(group, bytes(each))));
    await notes.until(({ messages }) => messages.length === said.length);
    expect(notes.messages.map(([, each]) => each)).toEqual(said);
  });

  it("hears nothing more of an address after it was unsubscribed and subscribed and left", async () => {
    const [broker, notes] = await opened();
    const group: Address = `g${named("turns")}`;
    for (let turn = 0; turn < 20; turn += 1) {
      void broker.subscribe(group).catch(() => {});
      void broker.unsubscribe(group);
    }
    await broker.subscribe(group);
    await broker.publish(group, bytes("once"));
    await notes.until(({ messages }) => messages.length === 1);
    await broker.unsubscribe(group);
    await broker.publish(group, bytes("never"));
    await broker.subscribe(group);
    await broker.publish(group, bytes("again"));
    await notes.until(({ messages }) => messages.length === 2);
    expect(notes.messages.map(([, each]) => each)).toEqual(["once", "again"]);
  });

  it.each([
    ["as short as can be", "x"],
    ["with braces", "{a}{b} }{ {} {g"],
    ["with all that means something elsewhere", 'a*b?c>d.e:f g[h]i\\j"k\r\nl\0m'],
    ["in other writings", "Größe – 聊天室 – 🛶 – غرفة"],
    ["of 200 bytes", "é".repeat(100)],
  ])("takes a name %s", async (_, name) => {
    const [broker, notes] = await opened();
    const group = name.length > 50 ? name : named(name);
    await broker.subscribe(`g${group}`);
    await broker.follow(group);
    await broker.publish(`g${group}`, bytes("sent"));
    const position = await append(broker, group, "kept");
    await notes.until(({ messages, items }) => messages.length === 1 && items.length === 1);
    expect(notes.messages).toEqual([[`g${group}`, "sent"]]);
    expect(notes.items[0]).toMatchObject({ group, epoch: position.epoch, text: "kept" });
    expect(
      texts(await broker.read(group, plainRule, { ...position, offset: 0 }, 10)),
    ).toBeDefined();
  });

  it("numbers what is appended, keeps it, and tells those who follow", async () => {
    const [one, notes] = await opened();
    const [two] = await opened();
    const group = named("kept");
    await one.follow(group);
    const start = await one.read(group, plainRule, undefined, 1);
    expect(start.items).toBeUndefined();
    const first = await append(two, group, "first");
    const second = await append(two, group, "second");
    expect(first.epoch).toBe(start.epoch);
    expect(first.epoch).toMatch(/^[\w.-]{1,100}$/);
    expect(second.offset).toBeGreaterThan(first.offset);
    await notes.until(({ items }) => items.length === 2);
    expect(notes.items.map(({ text: said }) => said)).toEqual(["first", "second"]);
    expect(notes.items.map(({ item }) => item.offset)).toEqual([first.offset, second.offset]);
    expect(notes.items[1]!.item.previous).toBe(first.offset);
    const since = { epoch: start.epoch, offset: start.top };
    const slice = await two.read(group, plainRule, since, 10);
    expect(slice).toMatchObject({ epoch: first.epoch, top: second.offset, oldest: first.offset });
    expect(texts(slice)).toEqual(["first", "second"]);
    expect(slice.items!.map(({ offset }) => offset)).toEqual([first.offset, second.offset]);
    expect(slice.items![1]!.previous).toBe(first.offset);
  });

  it("answers as many messages as are wanted, oldest first, and where it stands", async () => {
    const [broker] = await opened();
    const group = named("pages");
    const positions: Position[] = [];
    for (const said of ["1", "2", "3", "4"]) positions.push(await append(broker, group, said));
    const slice = await broker.read(group, plainRule, positions[0], 2);
    expect(texts(slice)).toEqual(["2", "3"]);
    expect(slice.top).toBe(positions[3]!.offset);
    expect(texts(await broker.read(group, plainRule, positions[2], 100))).toEqual(["4"]);
    expect(texts(await broker.read(group, plainRule, positions[3], 100))).toEqual([]);
  });

  it("says so when it cannot prove that nothing is missing", async () => {
    const [broker] = await opened();
    const group = named("missing");
    const rule = { ...plainRule, size: 2 };
    const positions: Position[] = [];
    for (const said of ["1", "2", "3", "4"]) {
      positions.push(await append(broker, group, said, undefined, rule));
    }
    const { epoch, offset } = positions[3]!;
    expect((await broker.read(group, rule, positions[0], 10)).items).toBeUndefined();
    expect(texts(await broker.read(group, rule, positions[2], 10))).toEqual(["4"]);
    expect((await broker.read(group, rule, { epoch: "other", offset }, 10)).items).toBeUndefined();
    expect((await broker.read(group, rule, { epoch, offset: offset + 1 }, 10)).items).toBe(
      undefined,
    );
  });

  it("appends a message with an id once within its window, in its own group", async () => {
    const [one, notes] = await opened();
    const [two] = await opened();
    const group = named("ids");
    await one.follow(group);
    const first = await append(one, group, "first", "id");
    expect(await append(two, group, "once more", "id")).toEqual(first);
    const other = await append(two, named("ids"), "elsewhere", "id");
    expect(other.epoch).not.toBe(first.epoch);
    await append(two, group, "last", "other id");
    await notes.until(({ items }) => items.length >= 2);
    expect(notes.items.map(({ text: said }) => said)).toEqual(["first", "last"]);
  });

  it("gives the messages of several processes one order, the same for all", async () => {
    const both = [await opened(), await opened()] as const;
    const group = named("crowd");
    const rule = { ...plainRule, size: 1_000 };
    await Promise.all(both.map(([broker]) => broker.follow(group)));
    const count = 100;
    await Promise.all(
      both.flatMap(([broker], index) =>
        Array.from({ length: count }, (_, turn) =>
          append(broker, group, `${index}.${turn}`, undefined, rule),
        ),
      ),
    );
    for (const [, notes] of both) await notes.until(({ items }) => items.length === 2 * count);
    const orders = both.map(([, notes]) => notes.items.map(({ text: said }) => said));
    expect(orders[0]).toEqual(orders[1]);
    for (const index of [0, 1]) {
      const own = orders[0]!.filter((said) => said.startsWith(`${index}.`));
      expect(own).toEqual(Array.from({ length: count }, (_, turn) => `${index}.${turn}`));
    }
    const previous = both[0][1].items.map(({ item }) => item.previous);
    const offsets = both[0][1].items.map(({ item }) => item.offset);
    expect(previous.slice(1)).toEqual(offsets.slice(0, -1));
  });

  it("rejects what is asked of it once it was closed, and hears nothing", async () => {
    const [broker, notes] = await opened();
    const [other] = await opened();
    const group = named("closed");
    await broker.subscribe(`g${group}`);
    await broker.close();
    await broker.close();
    await other.publish(`g${group}`, bytes("too late"));
    await expect(broker.publish("a", bytes("no"))).rejects.toThrow(/closed/);
    await expect(broker.subscribe("a")).rejects.toThrow(/closed/);
    await expect(append(broker, group, "no")).rejects.toThrow(/closed/);
    await expect(broker.read(group, plainRule, undefined, 1)).rejects.toThrow(/closed/);
    expect(notes.messages).toEqual([]);
  });
}
