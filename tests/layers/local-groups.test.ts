import { describe, expect, test, vi } from "vitest";
import type { Delivery, LayerMessage } from "../../src/layers/channel-layer.ts";
import { LocalGroups, type LocalMember } from "../../src/layers/local-groups.ts";

class Reader implements LocalMember {
  readonly name: string;
  readonly texts: unknown[] = [];
  readonly deliveries: Delivery[] = [];
  onMessage: (text: unknown) => void = () => {};

  constructor(name = "reader") {
    this.name = name;
  }

  answersTo(name: string): boolean {
    return this.name === name;
  }

  deliver(message: LayerMessage, delivery: Delivery): void {
    this.texts.push(message.text);
    this.deliveries.push(delivery);
    this.onMessage(message.text);
  }

  offer(message: LayerMessage, delivery: Delivery): boolean {
    this.deliver(message, delivery);
    return true;
  }

  gap(): void {}
}

const room: Delivery = { group: "room" };

function note(text: unknown): LayerMessage {
  return { type: "test.note", text };
}

function joined(groups: LocalGroups, count: number): Reader[] {
  const readers = Array.from({ length: count }, (_, index) => new Reader(`reader ${index}`));
  for (const reader of readers) groups.join("room", reader);
  return readers;
}

describe("the list of a group", () => {
  test("has each member once, however often it joined", () => {
    const groups = new LocalGroups();
    const [reader] = joined(groups, 1);
    groups.join("room", reader!);
    expect(groups.size("room")).toBe(1);
    groups.deliver("room", note("once"), room);
    expect(reader!.texts).toEqual(["once"]);
  });

  test("says when the first member came and when the last one left", () => {
    const groups = new LocalGroups();
    const [one, two] = [new Reader(), new Reader()];
    expect(groups.join("room", one)).toBe(true);
    expect(groups.join("room", one)).toBe(false);
    expect(groups.join("room", two)).toBe(false);
    expect(groups.leave("room", one)).toBe(false);
    expect(groups.leave("room", one)).toBe(false);
    expect(groups.leave("room", two)).toBe(true);
    expect(groups.leave("nowhere", two)).toBe(false);
  });

  test("vanishes with its last member", () => {
    const groups = new LocalGroups();
    const reader = new Reader();
    for (let round = 0; round < 100; round += 1) {
      groups.join(`room ${round}`, reader);
      groups.leave(`room ${round}`, reader);
    }
    expect(groups.groups).toBe(0);
    expect(groups.size("room 1")).toBe(0);
  });

  test("loses a member that leaves everything, and tells which groups are empty now", () => {
    const groups = new LocalGroups();
    const [leaver, stayer] = [new Reader(), new Reader()];
    for (let index = 0; index < 1_000; index += 1) groups.join(`room ${index}`, leaver);
    groups.join("room 7", stayer);
    const emptied = groups.leaveAll(leaver);
    expect(emptied).toHaveLength(999);
    expect(emptied).not.toContain("room 7");
    expect(groups.groups).toBe(1);
    expect(groups.leaveAll(leaver)).toEqual([]);
  });

  test("is empty for everybody after clear", () => {
    const groups = new LocalGroups();
    const [one, two] = joined(groups, 2);
    one!.onMessage = () => {
      groups.deliver("room", note("never"), room);
      groups.deliverTo(two!, note("never"), {});
      groups.clear();
    };
    groups.deliver("room", note("last"), room);
    groups.deliver("room", note("late"), room);
    expect(groups.groups).toBe(0);
    expect([one!.texts, two!.texts]).toEqual([["last"], []]);
  });

  test("takes names that JavaScript knows as ordinary ones", () => {
    const groups = new LocalGroups();
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect(groups.size(name)).toBe(0);
      const reader = new Reader();
      groups.join(name, reader);
      groups.deliver(name, note(name), { group: name });
      expect(reader.texts).toEqual([name]);
    }
  });
});

describe("a delivery", () => {
  test("gives every member the same message and the same delivery, in the order of joining", () => {
    const groups = new LocalGroups();
    const order: string[] = [];
    const readers = joined(groups, 3);
    for (const reader of readers) reader.onMessage = () => order.push(reader.name);
    groups.deliver("room", note("hello"), room);
    expect(order).toEqual(["reader 0", "reader 1", "reader 2"]);
    for (const { deliveries } of readers) expect(deliveries[0]).toBe(room);
  });

  test("to a group that nobody is in does nothing", () => {
    new LocalGroups().deliver("room", note("hello"), room);
  });

  test("leaves out every member that answers to `except`", () => {
    const groups = new LocalGroups();
    const workers = [new Reader("worker"), new Reader("worker"), new Reader("other")];
    for (const worker of workers) groups.join("room", worker);
    groups.deliver("room", note("hello"), room, "worker");
    expect(workers.map(({ texts }) => texts.length)).toEqual([0, 0, 1]);
  });

  test("skips who left during it, also when they came back during it", () => {
    const groups = new LocalGroups();
    const [first, leaver, returner, closer, last] = joined(groups, 5);
    first!.onMessage = (text) => {
      if (text !== "one") return;
      groups.leave("room", leaver!);
      groups.leave("room", returner!);
      groups.join("room", returner!);
      groups.leaveAll(closer!);
    };
    groups.deliver("room", note("one"), room);
    groups.deliver("room", note("two"), room);
    expect(leaver!.texts).toEqual([]);
    expect(closer!.texts).toEqual([]);
    expect(returner!.texts).toEqual(["two"]);
    expect(last!.texts).toEqual(["one", "two"]);
  });

  test("does not include who joined during it, even in a group that was empty in between", () => {
    const groups = new LocalGroups();
    const [only] = joined(groups, 1);
    const late = new Reader("late");
    only!.onMessage = () => {
      groups.leave("room", only!);
      groups.join("room", late);
      groups.join("room", only!);
    };
    groups.deliver("room", note("one"), room);
    expect(late.texts).toEqual([]);
    expect(groups.size("room")).toBe(2);
    groups.deliver("room", note("two"), room);
    expect(late.texts).toEqual(["two"]);
  });

  test("to one group does not skip who left another", () => {
    const groups = new LocalGroups();
    const [first, second] = joined(groups, 2);
    groups.join("other", second!);
    first!.onMessage = () => groups.leave("other", second!);
    groups.deliver("room", note("hello"), room);
    expect(second!.texts).toEqual(["hello"]);
  });

  test("goes on when a member throws, and reports it", () => {
    const errors: unknown[] = [];
    const groups = new LocalGroups((error) => errors.push(error));
    const [bad, good] = joined(groups, 2);
    const bug = new Error("bug");
    bad!.onMessage = () => {
      throw bug;
    };
    groups.deliver("room", note("one"), room);
    groups.deliverTo(bad!, note("two"), {});
    groups.deliver("room", note("three"), room);
    expect(good!.texts).toEqual(["one", "three"]);
    expect(errors).toEqual([bug, bug, bug]);
  });

  test("goes on when the reporter throws too", () => {
    const groups = new LocalGroups(() => {
      throw new Error("a worse bug");
    });
    const [bad, good] = joined(groups, 2);
    bad!.onMessage = () => {
      throw new Error("bug");
    };
    groups.deliver("room", note("one"), room);
    groups.deliver("room", note("two"), room);
    expect(good!.texts).toEqual(["one", "two"]);
  });

  test("lets the error of a member surface when nobody else was told, but after everybody was served", () => {
    const microtask = vi.spyOn(globalThis, "queueMicrotask").mockImplementation(() => {});
    try {
      const groups = new LocalGroups();
      const [bad, good] = joined(groups, 2);
      bad!.onMessage = () => {
        throw new Error("bug");
      };
      groups.deliver("room", note("one"), room);
      expect(good!.texts).toEqual(["one"]);
      expect(microtask.mock.calls[0]![0]).toThrow("bug");
    } finally {
      microtask.mockRestore();
    }
  });
});

describe("what members send during a delivery", () => {
  test("comes after it, in one order for all", () => {
    const groups = new LocalGroups();
    const readers = joined(groups, 3);
    for (const reader of readers) {
      reader.onMessage = (text) => {
        if (text === "hello") groups.deliver("room", note(`hi from ${reader.name}`), room);
      };
    }
    groups.deliver("room", note("hello"), room);
    for (const { texts } of readers) {
      expect(texts).toEqual(["hello", "hi from reader 0", "hi from reader 1", "hi from reader 2"]);
    }
  });

  test("keeps a sender's order between groups and single members", () => {
    const groups = new LocalGroups();
    const [sender, receiver] = joined(groups, 2);
    sender!.onMessage = (text) => {
      if (text !== "start") return;
      groups.deliver("room", note(1), room);
      groups.deliverTo(receiver!, note(2), {});
      groups.deliver("room", note(3), room);
    };
    groups.deliver("room", note("start"), room);
    expect(receiver!.texts).toEqual(["start", 1, 2, 3]);
  });

  test("does not grow the stack, however long they answer each other", () => {
    const groups = new LocalGroups();
    const [one] = joined(groups, 1);
    one!.onMessage = (text) => {
      if (Number(text) < 100_000) groups.deliver("room", note(Number(text) + 1), room);
    };
    groups.deliver("room", note(0), room);
    expect(one!.texts.at(-1)).toBe(100_000);
  });

  test("reaches the members that the group has when its turn comes", () => {
    const groups = new LocalGroups();
    const [sender, leaver] = joined(groups, 2);
    const late = new Reader("late");
    sender!.onMessage = (text) => {
      if (text !== "one") return;
      groups.deliver("room", note("two"), room);
      groups.leave("room", leaver!);
      groups.join("room", late);
    };
    groups.deliver("room", note("one"), room);
    expect(leaver!.texts).toEqual([]);
    expect(late.texts).toEqual(["two"]);
  });

  test("leaves nothing behind: the next delivery is served at once", () => {
    const groups = new LocalGroups();
    const [reader] = joined(groups, 1);
    groups.deliver("room", note("one"), room);
    groups.deliverTo(reader!, note("two"), {});
    groups.deliver("room", note("three"), room);
    expect(reader!.texts).toEqual(["one", "two", "three"]);
  });
});
