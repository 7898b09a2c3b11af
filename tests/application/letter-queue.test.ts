import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Letter } from "../../src/application/letter.ts";
import { LetterQueue } from "../../src/application/letter-queue.ts";
import { defaultLimits } from "../../src/internal/limits.ts";
import { SharedBytes } from "../../src/internal/shared-bytes.ts";

/** What a letter counts besides its message. */
const envelope = 64;

const limits = { ...defaultLimits, mailboxMessages: 8, mailboxSize: 1_000 };

/** A letter as a plain list would hold it. */
interface Waiting {
  readonly letter: Letter;
  readonly value: unknown;
  readonly delivery: { readonly group: string } | undefined;
}

/** A queue beside a plain list that says what has to be in it. */
class Model {
  readonly space = new SharedBytes(1e9);
  readonly words: string[] = [];
  waiting: Waiting[] = [];
  readonly queue = new LetterQueue(
    {
      full: () => this.words.push("full"),
      room: () => this.words.push("room"),
      vacant: () => this.words.push("vacant"),
    },
    limits,
    this.space,
  );

  put(one: Waiting): void {
    this.queue.put(one.letter, one.value, one.delivery);
    this.waiting.push(one);
  }

  shift(): void {
    const first = this.waiting.shift();
    if (first === undefined) return;
    const { letter, value, delivery } = this.queue;
    expect({ letter, value, delivery }).toEqual(first);
    this.queue.shift();
  }

  /** Removes the first that fits from the list; whether there was one. */
  remove(fits: (one: Waiting) => boolean): boolean {
    const index = this.waiting.findIndex((one) => one.letter === Letter.event && fits(one));
    if (index >= 0) this.waiting.splice(index, 1);
    return index >= 0;
  }

  check(): void {
    const { queue, waiting } = this;
    const events = waiting.filter(({ letter }) => letter === Letter.event).length;
    expect(queue.isEmpty).toBe(waiting.length === 0);
    expect(queue.holdsAllEvents).toBe(events >= limits.mailboxMessages);
    const sizes = waiting.flatMap(({ value }) => (typeof value === "string" ? [value.length] : []));
    expect(this.space.held).toBe(sizes.reduce((sum, size) => sum + size + envelope, 0));
  }
}

type Step = (model: Model) => void;

const group = fc.constantFrom("gold", "silver");
const type = fc.constantFrom("price.changed" as const, "news.flash" as const);

const text = fc.string({ maxLength: 300 }).map(
  (value): Step =>
    (model) =>
      model.put({ letter: Letter.text, value, delivery: undefined }),
);
const event = fc.record({ type, group }).map(
  (one): Step =>
    (model) =>
      model.put({
        letter: Letter.event,
        value: { type: one.type },
        delivery: { group: one.group },
      }),
);
const shift = fc.constant<Step>((model) => model.shift());
const dropOldest = fc.constant<Step>((model) => {
  expect(model.queue.dropOldest()).toBe(model.remove(() => true));
});
const dropSame = fc.record({ type, group }).map(
  (wanted): Step =>
    (model) => {
      const removed = model.remove(
        ({ value, delivery }) =>
          (value as typeof wanted).type === wanted.type && delivery?.group === wanted.group,
      );
      expect(model.queue.dropSame(wanted.type, wanted.group)).toBe(removed);
    },
);
const dropEvents = fc.constant<Step>((model) => {
  model.queue.dropEvents();
  model.waiting = model.waiting.filter(({ letter }) => letter < Letter.event);
});
const clear = fc.constant<Step>((model) => {
  model.queue.clear();
  model.waiting = [];
});

describe("the letters that wait", () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: text },
      { weight: 6, arbitrary: event },
      { weight: 9, arbitrary: shift },
      { weight: 2, arbitrary: dropOldest },
      { weight: 2, arbitrary: dropSame },
      { weight: 1, arbitrary: dropEvents },
      { weight: 1, arbitrary: clear },
    ),
    { maxLength: 100 },
  );

  test("are those of a plain list, in its order, and hold what they are long", () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const model = new Model();
        for (const step of plan) {
          step(model);
          model.check();
        }
        while (model.waiting.length > 0) model.shift();
        model.check();
      }),
    );
  });

  test("fill the queue and make room again by turns, whatever happens to them", () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const model = new Model();
        for (const step of plan) step(model);
        while (model.waiting.length > 0) model.shift();
        expect(model.words).toEqual(model.words.map((_, index) => (index % 2 ? "room" : "full")));
      }),
    );
  });

  test("are handed out in order behind a tail that is used again", () => {
    const model = new Model();
    for (let index = 0; index < 2_000; index++) {
      model.put({ letter: Letter.text, value: `${index}`, delivery: undefined });
      if (index > 10) model.shift();
    }
    while (model.waiting.length > 0) model.shift();
    model.check();
  });

  test("tell of room for the layer once after a refusal, when half of it is free", () => {
    const model = new Model();
    const one: Waiting = { letter: Letter.event, value: {}, delivery: { group: "gold" } };
    for (let index = 0; index < limits.mailboxMessages; index++) model.put(one);
    model.queue.refuse();
    model.queue.refuse();
    for (let left = limits.mailboxMessages - 1; left >= 0; left--) {
      model.shift();
      expect(model.words).toEqual(left > limits.mailboxMessages / 2 ? [] : ["vacant"]);
    }
  });
});
