import { expect, test } from "vitest";
import type { HistoryItem } from "../../src/layers/slice.ts";
import { Random } from "../../src/testing/random.ts";
import { FeedMember, FeedRig, settled } from "./feed-rig.ts";

/** A member and what it may expect: everything from its first offset on, with or without gaps. */
interface Course {
  readonly member: FeedMember;
  /** The place from which it was promised everything; unknown while it joins. */
  from: number | undefined;
}

/** What may happen in one storm. */
interface Weather {
  readonly seed: number;
  /** How many messages the history holds. */
  readonly size: number;
  /** The history may be lost. */
  readonly losses: boolean;
}

/** Whatever the network does to live messages, reads and members: nothing twice, nothing lost in silence. */
async function storm({ seed, size, losses }: Weather): Promise<void> {
  const random = new Random(seed);
  const rig = new FeedRig({ size });
  const { backend, feed } = rig;
  const courses: Course[] = [];
  /** Sent, and not yet arrived: the network may drop, repeat and reorder them. */
  let air: { epoch: string; item: HistoryItem }[] = [];

  const join = (since: string | undefined): void => {
    const member = new FeedMember();
    const course: Course = { member, from: undefined };
    courses.push(course);
    rig.start(member, since).then(
      ({ position, recovered }) => {
        const from = recovered === true ? since : position;
        course.from = Number(from!.split(".")[1]);
      },
      () => rig.leave(member),
    );
  };

  const acts: readonly (() => void | Promise<void>)[] = [
    () => {
      const { epoch } = backend.history;
      for (const item of backend.append(1 + Math.floor(random.next() * 4)))
        air.push({ epoch, item });
    },
    () => {
      const place = Math.floor(random.next() * Math.min(3, air.length));
      const [next] = air.splice(place, random.happens(0.9) ? 1 : 0);
      if (next !== undefined && random.happens(0.85)) feed.live(next.epoch, next.item);
    },
    () => backend.reads[Math.floor(random.next() * backend.reads.length)]?.answer(),
    () => {
      if (random.happens(0.2)) void backend.reads[0]?.fail();
    },
    () => join(undefined),
    () => {
      const back = Math.floor(random.next() * 6);
      join(`${backend.history.epoch}.${Math.max(0, backend.history.top - back)}`);
    },
    () => {
      const course = courses[Math.floor(random.next() * courses.length)];
      if (course !== undefined) course.member.room = Math.floor(random.next() * 4);
    },
    () => {
      const course = courses[Math.floor(random.next() * courses.length)];
      if (course === undefined) return;
      course.member.room = 1 + Math.floor(random.next() * 20);
      feed.resume(course.member);
    },
    () => {
      if (random.happens(0.3)) feed.check();
    },
    () => {
      if (losses && random.happens(0.05)) backend.lose();
    },
    () => settled(),
  ];
  // Somebody who is there from the beginning, and stays.
  join(undefined);
  await backend.answerAll();
  for (let step = 0; step < 120; step += 1) {
    await acts[Math.floor(random.next() * acts.length)]!();
  }

  // The weather clears up: everything arrives, everybody has room, and a check finds the rest.
  air = random.happens(0.5) ? air : [];
  for (const { epoch, item } of air) feed.live(epoch, item);
  for (let round = 0; round < 3; round += 1) {
    for (const { member } of courses) {
      member.room = Infinity;
      feed.resume(member);
    }
    await settled();
    feed.check();
    await backend.answerAll();
  }
  feed.live(backend.history.epoch, backend.append(1)[0]!);
  await backend.answerAll();

  const where = `seed ${seed}`;
  expect(rig.behind.size, where).toBe(0);
  expect(feed.position, where).toBe(backend.history.position);
  for (const { member, from } of courses) {
    // Those whose join failed, because the backend was away, were promised nothing.
    if (from === undefined) continue;
    checkLog(member.log, from, backend.history.top, where);
  }
}

/** Nothing twice, nothing out of order, and each hole has its gap. */
function checkLog(
  log: readonly (number | string)[],
  from: number,
  top: number,
  where: string,
): void {
  let last = from;
  for (const [index, entry] of log.entries()) {
    const isMessage = typeof entry === "number";
    const [before, after] = isMessage ? [entry - 1, entry] : placesOf(entry);
    if (before !== last) {
      expect.fail(`${where}: ${last} is not before ${log.slice(index, index + 3).join(", ")}`);
    }
    last = after;
  }
  expect(last, `${where}: where the member is in the end`).toBe(top);
}

function placesOf(gap: string): [number, number] {
  const places = /^gap \w+\.(\d+)\.\.\w+\.(\d+)$/.exec(gap)!;
  return [Number(places[1]), Number(places[2])];
}

const seeds = 250;

test("with a history that holds, no member misses or repeats a message in any storm", async () => {
  for (let seed = 1; seed <= seeds; seed += 1) {
    await storm({ seed, size: 10_000, losses: false });
  }
}, 120_000);

test("with a short history, or one that is lost, every loss has its gap, in any storm", async () => {
  for (let seed = 1; seed <= seeds; seed += 1) {
    await storm({ seed, size: 8, losses: seed % 2 === 0 });
  }
}, 120_000);
