import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { Histories } from "../../src/layers/histories.ts";
import { History } from "../../src/layers/history.ts";
import { type HistoryRule, HistoryRules, messageCost } from "../../src/layers/history-rule.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { note, numbers } from "../../src/testing/layer-reader.ts";

function ruleOf(rule: Partial<HistoryRule> = {}) {
  return new HistoryRules([{ groups: "*", ...rule }]).of("any")!;
}

function historyOf(rule: Partial<HistoryRule> = {}): History {
  return new History("room", "epoch", ruleOf(rule), 0);
}

function append(history: History, count: number, now = 0, size = 10): void {
  for (const _ of numbers(count)) history.append(note(history.top + 1), size, now, {});
}

function texts(history: History, offset: number, now = 0, limit = 1_000): unknown[] | undefined {
  const { items } = history.read({ epoch: "epoch", offset }, limit, now);
  return items?.map(({ message }) => message.text);
}

describe("a history", () => {
  test("counts from 1 without a hole, and gives each message its position", () => {
    const history = historyOf();
    expect([history.top, history.position]).toEqual([0, "epoch.0"]);
    const items = numbers(3).map((number) => history.append(note(number), 1, 0, {}));
    expect(items.map(({ offset, previous }) => [previous, offset])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(items[2]!.delivery).toEqual({ group: "room", position: "epoch.3" });
    expect(Object.isFrozen(items[2]!.delivery)).toBe(true);
    expect(history.position).toBe("epoch.3");
  });

  test("gives everything after a position that it can prove, and nothing otherwise", () => {
    const history = historyOf({ size: 3 });
    append(history, 5);
    expect(texts(history, 1)).toBeUndefined();
    expect(texts(history, 2)).toEqual([3, 4, 5]);
    expect(texts(history, 4)).toEqual([5]);
    expect(texts(history, 5)).toEqual([]);
    expect(texts(history, 6)).toBeUndefined();
    expect(history.read({ epoch: "other", offset: 4 }, 9, 0).items).toBeUndefined();
    expect(history.read({ epoch: "", offset: 4 }, 9, 0).items).toBeUndefined();
    expect(history.read(undefined, 9, 0)).toEqual({
      epoch: "epoch",
      top: 5,
      oldest: 3,
      items: undefined,
    });
  });

  test("gives no more than was asked for, from the beginning", () => {
    const history = historyOf();
    append(history, 5);
    expect(texts(history, 1, 0, 2)).toEqual([2, 3]);
    expect(texts(history, 1, 0, 0)).toEqual([]);
  });

  test("is right at every size, after however many messages", () => {
    for (const size of [1, 2, 3, 7, 8]) {
      const history = historyOf({ size });
      for (const sent of numbers(40)) {
        append(history, 1);
        const top = sent + 1;
        for (const offset of numbers(top + 1)) {
          const held = numbers(top + 1).slice(offset + 1);
          expect(texts(history, offset)).toEqual(held.length > size ? undefined : held);
        }
      }
    }
  });

  test("holds so many bytes and no more, but one message however large", () => {
    const history = historyOf({ bytes: 3 * (messageCost + 10) });
    append(history, 5);
    expect(history.length).toBe(3);
    expect(history.bytes).toBe(3 * (messageCost + 10));
    append(history, 1, 0, 1_000_000);
    expect(history.length).toBe(1);
    expect(texts(history, 5)).toEqual([6]);
    append(history, 1);
    expect(texts(history, 6)).toEqual([7]);
    expect(history.bytes).toBe(messageCost + 10);
  });

  test("counts a message that is hardly there for what it takes", () => {
    const history = historyOf({ size: 1_000_000, bytes: 100 * messageCost });
    append(history, 1_000, 0, 0);
    expect(history.length).toBe(100);
  });

  test("holds each message for its ttl, by a clock that does not jump", () => {
    const history = historyOf({ ttl: 1_000 });
    append(history, 1, 0);
    append(history, 1, 600);
    expect(texts(history, 0, 999)).toEqual([1, 2]);
    expect(texts(history, 0, 1_000)).toBeUndefined();
    expect(texts(history, 1, 1_599)).toEqual([2]);
    expect(texts(history, 1, 1_600)).toBeUndefined();
    expect(texts(history, 2, 1_600)).toEqual([]);
    expect(history.read(undefined, 1, 1_600)).toMatchObject({ top: 2, oldest: undefined });
    append(history, 1, 2_000);
    expect(texts(history, 2, 2_000)).toEqual([3]);
    expect(texts(history, 1, 2_000)).toBeUndefined();
  });

  test("remembers an id for its window, and no more ids than it may", () => {
    const history = historyOf({ idWindow: 1_000, ids: 2 });
    const send = (id: string, now: number) => history.append(note(id), 1, now, { id });
    expect(send("a", 0).delivery.id).toBe("a");
    expect(history.positionOf("a", 999)).toBe("epoch.1");
    expect(history.positionOf("a", 1_000)).toBeUndefined();
    expect(history.positionOf("b", 0)).toBeUndefined();
    send("a", 1_000);
    send("b", 1_001);
    expect(history.positionOf("a", 1_002)).toBe("epoch.2");
    send("c", 1_002);
    expect(history.positionOf("a", 1_002)).toBeUndefined();
    expect([history.positionOf("b", 1_002), history.positionOf("c", 1_002)]).toEqual([
      "epoch.3",
      "epoch.4",
    ]);
  });

  test("remembers an id for longer than its message", () => {
    const history = historyOf({ size: 1, idWindow: 1_000 });
    history.append(note("a"), 1, 0, { id: "a" });
    append(history, 5);
    expect(history.positionOf("a", 500)).toBe("epoch.1");
    const before = history.bytes;
    expect(history.sweep(1_000)).toBe(false);
    expect(history.bytes).toBeLessThan(before);
  });
});

describe("the histories of a process", () => {
  function histories(rules: readonly HistoryRule[], bytes = 1_000_000, joined: string[] = []) {
    const clock = new FakeClock();
    const all = new Histories({
      rules: new HistoryRules(rules),
      clock,
      bytes,
      isJoined: (group) => joined.includes(group),
    });
    const send = (group: string, size = 10): History => {
      const history = all.of(group)!;
      const before = history.bytes;
      history.append(note(group), size, clock.now(), {});
      all.grown(group, history, before);
      return history;
    };
    return { all, clock, send, joined };
  }

  test("exist for the groups of a rule, and the first rule counts", () => {
    const { all } = histories([
      { groups: "room.vip", size: 7 },
      { groups: "room.*", size: 3, recover: 2 },
    ]);
    expect(all.of("lobby")).toBeUndefined();
    expect(all.of("room.vip")?.rule).toMatchObject({ size: 7, recover: 7, ttl: 300_000 });
    expect(all.of("room.1")?.rule).toMatchObject({ size: 3, recover: 2 });
    expect(all.of("room.1")).toBe(all.of("room.1"));
    expect(all.size).toBe(2);
  });

  test("have epochs that nobody else has: of 128 random bits, and one for each history", () => {
    const [one, two] = [histories([{ groups: "*" }]), histories([{ groups: "*" }])];
    const epochs = [one.all.of("a"), one.all.of("b"), two.all.of("a")].map((of) => of!.epoch);
    expect(new Set(epochs).size).toBe(3);
    for (const epoch of epochs) expect(epoch).toMatch(/^[\w-]{22}\.[0-9a-z]+$/);
  });

  test("are forgotten when they are empty, unused and without members, and come back as new ones", () => {
    const { all, clock, send, joined } = histories([{ groups: "*", ttl: 30_000 }]);
    const { epoch } = send("room");
    clock.advance(20_000);
    all.touch("room");
    clock.advance(20_000);
    expect([all.size, all.bytes]).toEqual([1, 1_024]);
    expect(all.of("room")?.epoch).toBe(epoch);
    clock.advance(20_000);
    expect([all.size, all.bytes]).toEqual([0, 0]);
    expect(clock.timers).toBe(0);
    expect(all.of("room")?.epoch).not.toBe(epoch);

    joined.push("room");
    clock.advance(1_000_000);
    expect(all.size).toBe(1);
  });

  test("need one timer, and none when there are none", () => {
    const { clock, send, all } = histories([{ groups: "*", ttl: 1_000 }]);
    expect(clock.timers).toBe(0);
    for (const number of numbers(1_000)) send(`room ${number}`);
    expect(clock.timers).toBe(1);
    clock.advance(20_000);
    expect([clock.timers, all.size]).toEqual([0, 0]);
    send("room");
    expect(clock.timers).toBe(1);
    all.clear();
    expect([clock.timers, all.size, all.bytes]).toEqual([0, 0, 0]);
  });

  test("hold so many bytes together: the groups that were longest not sent to give way", () => {
    const { all, send } = histories([{ groups: "*", bytes: 1_000_000 }], 20_000, ["quiet"]);
    const quiet = send("quiet");
    const busy = send("busy");
    for (const _ of numbers(5)) send("busy");
    send("quiet");
    for (const _ of numbers(40)) {
      send("new", 100);
      expect(all.bytes).toBeLessThanOrEqual(20_000);
    }
    expect([busy.length, quiet.length]).toEqual([0, 0]);
    expect(all.of("quiet")).toBe(quiet);
    expect(all.of("busy")).not.toBe(busy);
    expect(all.of("new")!.length).toBeGreaterThan(20);
  });

  test("hold the newest message of all, however large", () => {
    const { all, send } = histories([{ groups: "*", bytes: 1_000_000 }], 5_000);
    send("old");
    expect(send("new", 100_000).length).toBe(1);
    expect(all.size).toBe(1);
  });

  test("of ten thousand groups that are joined once and left stay within the bound", () => {
    const { all, clock } = histories([{ groups: "*" }], 100_000);
    for (const number of numbers(10_000)) all.of(`room ${number}`);
    expect(all.bytes).toBeLessThanOrEqual(101_024);
    clock.advance(400_000);
    expect(all.size).toBe(0);
  });
});

describe("a rule of a history", () => {
  test.each([
    ["size", 0],
    ["size", 1.5],
    ["size", "100"],
    ["ttl", -1],
    ["ttl", 2 ** 31],
    ["bytes", Number.NaN],
    ["recover", -1],
    ["idWindow", 0],
    ["ids", -1],
  ])("whose %s is %s is refused, with its place, the value and the limits", (name, value) => {
    const rules = [{ groups: "fine" }, { groups: "room.*", [name]: value }];
    expect(() => new HistoryRules(rules)).toThrow(UsageError);
    expect(() => new HistoryRules(rules)).toThrow(`history[1].${name} is ${value}; it must be`);
  });

  test("is one of a list", () => {
    const one = { "room.*": { size: 100 } } as never;
    expect(() => new HistoryRules(one)).toThrow("must be a list of rules");
  });

  test("has the defaults that the reference says", () => {
    const page = readFileSync(new URL("../../docs/reference/layers.md", import.meta.url), "utf8");
    const { groups: _, ...rule } = ruleOf();
    const rows = [...page.matchAll(/^\| `(\w+)` \| ([\d ]+|`size`) \|/gm)];
    const said = Object.fromEntries(
      rows.map(([, name, value]) => [name, Number(value!.replaceAll(" ", ""))] as const),
    );
    expect({ ...said, recover: rule.size }).toMatchObject(rule);
    expect(page).toContain(`and ${messageCost} more for each`);
  });
});
