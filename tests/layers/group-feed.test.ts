import { describe, expect, test } from "vitest";
import { FeedMember, FeedRig, settled } from "./feed-rig.ts";

describe("the first member of a group in this process", () => {
  test("joins at the newest position that the history has when it is looked at", async () => {
    const rig = new FeedRig();
    rig.backend.append(3);
    const member = new FeedMember();
    expect(await rig.join(member)).toEqual({ position: "e1.3" });
    rig.live(...rig.backend.append(2));
    expect(member.log).toEqual([4, 5]);
  });

  test("gets what came live while that was looked at, if it is newer, in order and once", async () => {
    const rig = new FeedRig();
    const member = new FeedMember();
    const joining = rig.start(member);
    const items = rig.backend.append(4);
    const { answer } = rig.backend.reads[0]!;
    rig.live(items[3]!, items[2]!, items[2]!, items[0]!);
    await answer({ top: 2 });
    await rig.backend.answerAll();
    expect(await joining).toEqual({ position: "e1.2" });
    expect(member.log).toEqual([3, 4]);
  });

  test("has its place before what came live meanwhile is given out, with a position or without", async () => {
    const rig = new FeedRig();
    const [fresh, back] = [new FeedMember("fresh"), new FeedMember("back")];
    rig.backend.append(2);
    const joining = [rig.start(fresh), rig.start(back, "e1.0")];
    const [read] = rig.backend.reads;
    const slice = rig.backend.history.read(undefined, 0, 0);
    rig.live(...rig.backend.append(1));
    await read!.answer(slice);
    expect([fresh.log, back.log]).toEqual([[3], []]);
    await rig.backend.answerAll();
    expect(await Promise.all(joining)).toEqual([
      { position: "e1.2" },
      { position: "e1.3", recovered: true },
    ]);
    expect([fresh.log, back.log]).toEqual([[3], [1, 2, 3]]);
  });

  test("has not joined when the history cannot be read, and the next one looks again", async () => {
    const rig = new FeedRig();
    const [first, second] = [new FeedMember(), new FeedMember()];
    const joining = rig.start(first);
    const failed = expect(joining).rejects.toThrow("away");
    await rig.backend.reads[0]!.fail();
    await failed;
    rig.leave(first);
    expect(await rig.join(second)).toEqual({ position: "e1.0" });
    rig.live(...rig.backend.append(1));
    expect([first.log, second.log]).toEqual([[], [1]]);
  });

  test("shares that look with all who join meanwhile", async () => {
    const rig = new FeedRig();
    const members = [new FeedMember(), new FeedMember(), new FeedMember()];
    const joining = members.map((member) => rig.start(member));
    expect(rig.backend.reads).toHaveLength(1);
    await rig.backend.answerAll();
    expect(await Promise.all(joining)).toEqual(members.map(() => ({ position: "e1.0" })));
  });
});

describe("a live message", () => {
  async function joined(count = 1, rule = {}): Promise<[FeedRig, ...FeedMember[]]> {
    const rig = new FeedRig(rule);
    const members = Array.from({ length: count }, (_, index) => new FeedMember(`${index}`));
    for (const member of members) await rig.join(member);
    return [rig, ...members];
  }

  test("that comes twice is given out once", async () => {
    const [rig, member] = await joined();
    const items = rig.backend.append(3);
    rig.live(...items, ...items, items[0]!);
    expect(member!.log).toEqual([1, 2, 3]);
    expect(rig.backend.reads).toHaveLength(0);
  });

  test("after a hole waits for it, and one read mends the hole for all members", async () => {
    const [rig, one, two] = await joined(2);
    const items = rig.backend.append(6);
    rig.live(items[0]!, items[3]!, items[4]!, items[5]!);
    expect([one!.log, two!.log]).toEqual([[1], [1]]);
    expect(rig.backend.reads).toHaveLength(1);
    expect(rig.backend.reads[0]!.since).toEqual({ epoch: "e1", offset: 1 });
    await rig.backend.answerAll();
    expect([one!.log, two!.log]).toEqual([
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6],
    ]);
  });

  test("that comes late, after its hole was mended, is a duplicate", async () => {
    const [rig, member] = await joined();
    const items = rig.backend.append(3);
    rig.live(items[2]!);
    await rig.backend.answerAll();
    rig.live(items[0]!, items[1]!, ...rig.backend.append(1));
    expect(member!.log).toEqual([1, 2, 3, 4]);
  });

  test("that comes while a hole is mended waits, also for a second hole", async () => {
    const [rig, member] = await joined();
    const items = rig.backend.append(2);
    rig.live(items[1]!);
    const { answer } = rig.backend.reads[0]!;
    const slice = rig.backend.history.read({ epoch: "e1", offset: 0 }, 100, 0);
    const more = rig.backend.append(3);
    rig.live(more[0]!, more[2]!);
    await answer(slice);
    expect(member!.log).toEqual([1, 2, 3]);
    await rig.backend.answerAll();
    expect(member!.log).toEqual([1, 2, 3, 4, 5]);
  });

  test("after a hole that is no longer held makes a gap, told to all, and life goes on", async () => {
    const [rig, one, two] = await joined(2, { size: 2 });
    const items = rig.backend.append(6);
    rig.live(items[0]!, items[5]!);
    await rig.backend.answerAll();
    rig.live(...rig.backend.append(1));
    for (const member of [one!, two!]) expect(member.log).toEqual([1, "gap e1.1..e1.6", 7]);
  });

  test("of another epoch makes a gap: the history was lost, and begins anew", async () => {
    const [rig, member] = await joined();
    rig.live(...rig.backend.append(3));
    rig.backend.lose();
    rig.live(...rig.backend.append(2));
    await rig.backend.answerAll();
    rig.live(...rig.backend.append(1));
    expect(member!.log).toEqual([1, 2, 3, "gap e1.3..e2.2", 3]);
    expect(rig.feed.position).toBe("e2.3");
  });

  test("of an epoch that is over, or that nobody knows, changes nothing, and ends", async () => {
    const [rig, member] = await joined();
    const [old] = rig.backend.append(1);
    rig.live(old!);
    rig.feed.live("e0", { ...old!, offset: 7, previous: 6 });
    await rig.backend.answerAll();
    rig.live(...rig.backend.append(1));
    await rig.backend.answerAll();
    expect(member!.log).toEqual([1, 2]);
  });

  test("whose predecessors nobody has is given out after a gap, not never", async () => {
    const [rig, member] = await joined();
    const [item] = rig.backend.append(1);
    rig.feed.live("e1", {
      ...item!,
      offset: 1,
      previous: 0,
    });
    const far = { ...rig.backend.append(1)[0]!, previous: 1 };
    rig.feed.live("e1", { ...far, previous: 1.5 });
    for (let reads = 0; rig.backend.reads.length > 0; reads += 1) {
      expect(reads).toBeLessThan(10);
      await rig.backend.reads[0]!.answer({ items: [], top: 1 });
    }
    expect(member!.log).toEqual([1, "gap e1.1..e1.1.5", 2]);
  });

  test("is given out where a backend counts several groups together", async () => {
    const [rig, member] = await joined();
    const [one, two, three] = rig.backend.append(3);
    rig.feed.live("e1", one!);
    // The second one came between, and belongs to another group.
    rig.feed.live("e1", { ...three!, previous: 1 });
    expect(member!.log).toEqual([1, 3]);
    rig.feed.live("e1", two!);
    expect(member!.log).toEqual([1, 3]);
  });

  test("waits with others up to a bound; the rest is read", async () => {
    const [rig, member] = await joined();
    const items = rig.backend.append(3_000);
    rig.live(...items.slice(1));
    await rig.backend.answerAll();
    expect(member!.log).toEqual(items.map(({ offset }) => offset));
  });

  test("that waits while the backend is away comes when it is back", async () => {
    const [rig, member] = await joined();
    const items = rig.backend.append(3);
    rig.live(items[2]!);
    await rig.backend.reads[0]!.fail();
    expect(member!.log).toEqual([]);
    rig.feed.check();
    await rig.backend.answerAll();
    expect(member!.log).toEqual([1, 2, 3]);
  });
});

describe("a connection to the backend that was lost", () => {
  test("is made good by one check: what came meanwhile is read", async () => {
    const rig = new FeedRig();
    const members = Array.from({ length: 50 }, () => new FeedMember());
    for (const member of members) await rig.join(member);
    rig.backend.append(1_200);
    rig.feed.check();
    rig.feed.check();
    expect(rig.backend.reads).toHaveLength(1);
    await rig.backend.answerAll();
    for (const { log } of members) expect(log).toHaveLength(1_200);
    rig.live(...rig.backend.append(1));
    expect(members[0]!.log.at(-1)).toBe(1_201);
  });

  test("while something is read already is read for again: the answer may be older", async () => {
    const rig = new FeedRig();
    const member = new FeedMember();
    await rig.join(member);
    rig.feed.check();
    const [read] = rig.backend.reads;
    const slice = rig.backend.history.read(read!.since, 100, 0);
    rig.backend.append(2);
    rig.feed.check();
    await read!.answer(slice);
    await rig.backend.answerAll();
    expect(member.log).toEqual([1, 2]);
  });

  test("during which nothing came changes nothing", async () => {
    const rig = new FeedRig();
    const member = new FeedMember();
    await rig.join(member);
    rig.feed.check();
    await rig.backend.answerAll();
    rig.live(...rig.backend.append(1));
    expect(member.log).toEqual([1]);
  });

  test("with less in the history than was seen is a gap: nothing is skipped in silence", async () => {
    const rig = new FeedRig();
    const member = new FeedMember();
    await rig.join(member);
    rig.live(...rig.backend.append(5));
    rig.feed.check();
    await rig.backend.reads[0]!.answer({ top: 3, items: undefined });
    expect(member.log).toEqual([1, 2, 3, 4, 5, "gap e1.5..e1.3"]);
  });
});

describe("a member that joins with a position", () => {
  async function begun(count: number, recover?: number): Promise<[FeedRig, FeedMember]> {
    const rig = new FeedRig({}, recover);
    const first = new FeedMember("first");
    await rig.join(first);
    rig.live(...rig.backend.append(count));
    return [rig, first];
  }

  test("gets the slice, then what was kept meanwhile, then live messages", async () => {
    const [rig] = await begun(4);
    const member = new FeedMember();
    const joining = rig.start(member, "e1.1");
    const [read] = rig.backend.reads;
    const slice = rig.backend.history.read(read!.since, read!.limit, 0);
    rig.live(...rig.backend.append(2));
    expect(member.log).toEqual([]);
    await read!.answer(slice);
    expect(await joining).toEqual({ position: "e1.6", recovered: true });
    rig.live(...rig.backend.append(1));
    expect(member.log).toEqual([2, 3, 4, 5, 6, 7]);
    expect(rig.feed.behind).toBe(0);
  });

  test("passes by what the slice had already", async () => {
    const [rig, first] = await begun(2);
    const member = new FeedMember();
    const joining = rig.start(member, "e1.1");
    const items = rig.backend.append(3);
    rig.live(items[0]!);
    await rig.backend.reads[0]!.answer();
    expect(await joining).toEqual({ position: "e1.5", recovered: true });
    expect(member.log).toEqual([2, 3, 4, 5]);
    rig.live(items[1]!, items[2]!, ...rig.backend.append(1));
    expect(member.log).toEqual([2, 3, 4, 5, 6]);
    expect(first.log).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rig.behind.size).toBe(0);
  });

  test("is not recovered from more than the cap: all of it or nothing", async () => {
    const [rig] = await begun(20, 5);
    const [some, most] = [new FeedMember(), new FeedMember()];
    expect(await rig.join(some, "e1.15")).toMatchObject({ recovered: true });
    expect(await rig.join(most, "e1.14")).toEqual({ position: "e1.20", recovered: false });
    rig.live(...rig.backend.append(1));
    expect([some.log, most.log]).toEqual([[16, 17, 18, 19, 20, 21], [21]]);
  });

  test("and cannot be read for goes on from where it was before", async () => {
    const [rig, level] = await begun(4);
    const stopped = new FeedMember("stopped");
    await rig.join(stopped);
    stopped.room = 0;
    rig.live(...rig.backend.append(1));
    for (const member of [level, stopped]) {
      const failed = expect(rig.start(member, "e1.1")).rejects.toThrow("away");
      rig.live(...rig.backend.append(1));
      await rig.backend.reads[0]!.fail();
      await failed;
    }
    rig.feed.check();
    await rig.backend.answerAll();
    expect([level.log, stopped.log]).toEqual([[1, 2, 3, 4, 5, 6, 7], []]);
    stopped.room = Infinity;
    rig.feed.resume(stopped);
    await rig.backend.answerAll();
    rig.live(...rig.backend.append(1));
    expect(level.log).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(stopped.log).toEqual([5, 6, 7, 8]);
  });

  test("in the middle of a delivery, and is not recovered, does not get that message any more", async () => {
    const [rig, first] = await begun(1);
    const second = new FeedMember("second");
    await rig.join(second);
    let joining: Promise<unknown> | undefined;
    first.onOffer = () => {
      joining ??= rig.start(second, "what?");
    };
    rig.live(...rig.backend.append(1));
    expect(await joining).toEqual({ position: "e1.2", recovered: false });
    expect(second.log).toEqual([]);
    rig.live(...rig.backend.append(1));
    expect([first.log, second.log, rig.behind.size]).toEqual([[1, 2, 3], [3], 0]);
  });

  test("and is not recovered gets nothing that was sent before, where the group is not there yet", async () => {
    const [rig, first] = await begun(2, 1);
    const items = rig.backend.append(3);
    const member = new FeedMember();
    expect(await rig.join(member, "e1.3")).toEqual({ position: "e1.5", recovered: false });
    rig.live(...items, ...rig.backend.append(1));
    expect([first.log, member.log]).toEqual([[1, 2, 3, 4, 5, 6], [6]]);
    expect(rig.behind.size).toBe(0);
  });

  test("is not recovered from anything where the cap is 0, unless it has missed nothing", async () => {
    const [rig] = await begun(3, 0);
    const [one, none] = [new FeedMember(), new FeedMember()];
    expect(await rig.join(one, "e1.2")).toEqual({ position: "e1.3", recovered: false });
    expect(await rig.join(none, "e1.3")).toEqual({ position: "e1.3", recovered: true });
    rig.live(...rig.backend.append(1));
    expect([one.log, none.log]).toEqual([[4], [4]]);
  });

  test("asks no backend about what is no position", async () => {
    const [rig] = await begun(1);
    const member = new FeedMember();
    expect(await rig.start(member, "what?")).toEqual({ position: "e1.1", recovered: false });
    rig.live(...rig.backend.append(1));
    expect(member.log).toEqual([2]);
  });

  test("of an epoch that the process has not heard of waits until it has", async () => {
    const [rig, first] = await begun(3);
    rig.backend.lose();
    rig.backend.append(2);
    const member = new FeedMember();
    expect(await rig.join(member, "e2.1")).toEqual({ position: "e2.2", recovered: true });
    rig.live(...rig.backend.append(1));
    expect(member.log).toEqual([2, 3]);
    expect(first.log).toEqual([1, 2, 3, "gap e1.3..e2.2", 3]);
  });

  test("is read for again when an old copy answered, and not recovered if that goes on", async () => {
    const [rig] = await begun(6);
    const [lucky, unlucky] = [new FeedMember(), new FeedMember()];
    const stale = { top: 4, items: [] };
    const first = rig.start(lucky, "e1.4");
    await rig.backend.reads[0]!.answer(stale);
    await rig.backend.answerAll();
    expect(await first).toEqual({ position: "e1.6", recovered: true });
    const second = rig.start(unlucky, "e1.4");
    while (rig.backend.reads.length > 0) {
      const isMending = rig.backend.reads[0]!.since?.offset === 6;
      await rig.backend.reads[0]!.answer(isMending ? {} : stale);
    }
    expect(await second).toEqual({ position: "e1.6", recovered: false });
    rig.live(...rig.backend.append(1));
    expect([lucky.log, unlucky.log]).toEqual([[5, 6, 7], [7]]);
  });

  test("for whom more came than can be kept is read for again", async () => {
    const [rig] = await begun(2);
    const member = new FeedMember();
    const joining = rig.start(member, "e1.1");
    const [read] = rig.backend.reads;
    const slice = rig.backend.history.read(read!.since, read!.limit, 0);
    rig.live(...rig.backend.append(1_500));
    await read!.answer(slice);
    await rig.backend.answerAll();
    expect(await joining).toEqual({ position: "e1.1502", recovered: true });
    rig.live(...rig.backend.append(1));
    expect(member.log).toEqual(Array.from({ length: 1_502 }, (_, index) => index + 2));
  });

  test("has not joined when the backend is away", async () => {
    const [rig] = await begun(2);
    const member = new FeedMember();
    const joining = expect(rig.start(member, "e1.1")).rejects.toThrow("away");
    await rig.backend.reads[0]!.fail();
    await joining;
    rig.leave(member);
    rig.feed.check();
    await rig.backend.answerAll();
    expect([member.log, rig.behind.size]).toEqual([[], 0]);
  });

  test("that leaves while it is read for gets nothing, and may come back meanwhile", async () => {
    const [rig] = await begun(3);
    const member = new FeedMember();
    const first = rig.start(member, "e1.0");
    rig.leave(member);
    const second = rig.start(member, "e1.2");
    await rig.backend.answerAll();
    expect(await first).toMatchObject({ recovered: false });
    expect(await second).toEqual({ position: "e1.3", recovered: true });
    expect(member.log).toEqual([3]);
  });

  test("and leaves others behind while the history is looked at for the first time gets nothing", async () => {
    const rig = new FeedRig();
    rig.backend.append(3);
    const [leaver, stayer] = [new FeedMember("leaver"), new FeedMember("stayer")];
    const joining = [rig.start(stayer), rig.start(leaver, "e1.0")];
    rig.leave(leaver);
    await rig.backend.answerAll();
    expect(await Promise.all(joining)).toEqual([{ position: "e1.3" }, { recovered: false }]);
    rig.live(...rig.backend.append(1));
    expect([leaver.log, stayer.log]).toEqual([[], [4]]);
    expect(rig.behind.size).toBe(0);
  });

  test("and leaves while others wait with it for the first look at the history gets nothing", async () => {
    const rig = new FeedRig();
    const [member, other] = [new FeedMember("member"), new FeedMember("other")];
    const joining = [rig.start(member, "e1.0"), rig.start(other)];
    rig.backend.append(2);
    rig.leave(member);
    await rig.backend.answerAll();
    expect(await Promise.all(joining)).toEqual([{ recovered: false }, { position: "e1.2" }]);
    expect([member.log, rig.behind.size]).toEqual([[], 0]);
    const back = rig.start(member);
    rig.live(...rig.backend.append(1));
    expect(await back).toEqual({ position: "e1.2" });
    expect([member.log, other.log]).toEqual([[3], [3]]);
  });

  test("and leaves for good while the history is looked at for the first time is nowhere", async () => {
    const rig = new FeedRig();
    const member = new FeedMember();
    const joining = rig.start(member, "e1.0");
    rig.leave(member);
    rig.feed.close();
    await rig.backend.answerAll();
    expect(await joining).toEqual({ recovered: false });
    rig.live(...rig.backend.append(1));
    expect(member.log).toEqual([]);
  });
});

describe("a member without room", () => {
  async function stopped(after: number): Promise<[FeedRig, FeedMember, FeedMember]> {
    const rig = new FeedRig();
    const [slow, quick] = [new FeedMember("slow"), new FeedMember("quick")];
    await rig.join(slow);
    await rig.join(quick);
    slow.room = after;
    return [rig, slow, quick];
  }

  test("costs no read until it resumes, and then one for each page", async () => {
    const [rig, slow, quick] = await stopped(2);
    rig.live(...rig.backend.append(700));
    expect(rig.backend.reads).toHaveLength(0);
    expect([...rig.behind]).toEqual([slow]);
    slow.room = Infinity;
    rig.feed.resume(slow);
    rig.feed.resume(slow);
    expect(rig.backend.reads).toHaveLength(1);
    await rig.backend.reads[0]!.answer();
    expect(slow.log).toHaveLength(502);
    await rig.backend.answerAll();
    expect(slow.log).toEqual(quick.log);
    expect(rig.behind.size).toBe(0);
  });

  test("for whom more comes than can be kept while it is read for is read for again", async () => {
    const [rig, slow, quick] = await stopped(1);
    rig.live(...rig.backend.append(3));
    slow.room = Infinity;
    rig.feed.resume(slow);
    const [read] = rig.backend.reads;
    const slice = rig.backend.history.read(read!.since, read!.limit, 0);
    rig.live(...rig.backend.append(1_500));
    await read!.answer({ ...slice, items: slice.items!.slice(0, 1) });
    await rig.backend.answerAll();
    expect(slow.log).toEqual(quick.log);
    expect(rig.behind.size).toBe(0);
  });

  test("that has none again while it is caught up stops there", async () => {
    const [rig, slow, quick] = await stopped(1);
    rig.live(...rig.backend.append(5));
    slow.room = 2;
    rig.feed.resume(slow);
    const [item] = rig.backend.append(1);
    rig.live(item!);
    await rig.backend.answerAll();
    expect(slow.log).toEqual([1, 2, 3]);
    slow.room = Infinity;
    rig.feed.resume(slow);
    await rig.backend.answerAll();
    expect(slow.log).toEqual(quick.log);
  });

  test("waits for the backend when that is away, and a check brings it on", async () => {
    const [rig, slow, quick] = await stopped(1);
    rig.live(...rig.backend.append(4));
    slow.room = Infinity;
    rig.feed.resume(slow);
    await rig.backend.reads[0]!.fail();
    rig.live(...rig.backend.append(1));
    rig.feed.resume(slow);
    expect(rig.backend.reads).toHaveLength(0);
    rig.feed.check();
    await rig.backend.answerAll();
    expect(slow.log).toEqual(quick.log);
  });

  test("is told one gap when the history was lost meanwhile, with the place that it had", async () => {
    const [rig, slow, quick] = await stopped(2);
    rig.live(...rig.backend.append(4));
    rig.backend.lose();
    rig.live(...rig.backend.append(3));
    await rig.backend.answerAll();
    slow.room = Infinity;
    rig.feed.resume(slow);
    await rig.backend.answerAll();
    rig.live(...rig.backend.append(1));
    expect(quick.log).toEqual([1, 2, 3, 4, "gap e1.4..e2.3", 4]);
    expect(slow.log).toEqual([1, 2, "gap e1.2..e2.3", 4]);
  });

  test("that throws has had the message, and the rest comes", async () => {
    const rig = new FeedRig();
    await rig.join(new FeedMember("first"));
    const member = new FeedMember();
    rig.live(...rig.backend.append(3));
    const bug = new Error("bug");
    member.onOffer = () => {
      throw bug;
    };
    expect(await rig.join(member, "e1.0")).toMatchObject({ recovered: true });
    rig.live(...rig.backend.append(1));
    expect([member.log, rig.errors]).toEqual([
      [1, 2, 3, 4],
      [bug, bug, bug, bug],
    ]);
    expect(rig.behind.size).toBe(0);
  });

  test("is not asked a second time by what it sends while it is caught up", async () => {
    const [rig, slow, quick] = await stopped(0);
    rig.live(...rig.backend.append(3));
    slow.room = Infinity;
    slow.onOffer = (offset) => {
      if (offset === 2) rig.live(...rig.backend.append(2));
    };
    rig.feed.resume(slow);
    await rig.backend.answerAll();
    rig.live(...rig.backend.append(1));
    expect(slow.log).toEqual([1, 2, 3, 4, 5, 6]);
    expect(quick.log).toEqual(slow.log);
    await settled();
  });
});

describe("the one who is left out by except", () => {
  test("has no hole, whichever way it gets the others", async () => {
    const rig = new FeedRig();
    const [sender, slow] = [new FeedMember("sender"), new FeedMember("slow")];
    await rig.join(sender);
    await rig.join(slow);
    slow.room = 0;
    const items = [
      ...rig.backend.append(1),
      ...rig.backend.append(1, "sender"),
      ...rig.backend.append(1, "slow"),
      ...rig.backend.append(1),
    ];
    rig.live(items[0]!, items[3]!);
    await rig.backend.answerAll();
    slow.room = Infinity;
    rig.feed.resume(slow);
    await rig.backend.answerAll();
    expect([sender.log, slow.log]).toEqual([
      [1, 3, 4],
      [1, 2, 4],
    ]);
    expect(rig.behind.size).toBe(0);
  });
});
