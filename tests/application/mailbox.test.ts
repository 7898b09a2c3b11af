import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Letter } from "../../src/application/letter.ts";
import { Mailbox, type MailboxReader } from "../../src/application/mailbox.ts";
import { defaultLimits } from "../../src/internal/limits.ts";
import { settle } from "./rig.ts";

/** How a handler takes one letter. */
type Manner = "returns" | "throws" | "settles at once" | "settles later" | "rejects" | "thenable";

const manners: readonly Manner[] = [
  "returns",
  "throws",
  "settles at once",
  "settles later",
  "rejects",
  "thenable",
];

/** A reader that takes each letter in the manner that stands in it, and checks that it is alone. */
class Reader implements MailboxReader {
  readonly slow = "close";
  readonly handled: number[] = [];
  readonly failures: number[] = [];
  /** How often two letters were handled at the same time. */
  collisions = 0;
  rests = 0;
  /** How often there was room again for what was refused. */
  vacancies = 0;
  #atWork = false;

  handle(_letter: Letter, value: unknown): void | Promise<unknown> {
    const { index, manner } = value as Note;
    if (this.#atWork) this.collisions++;
    this.handled.push(index);
    switch (manner) {
      case "returns":
        return;
      case "throws":
        throw new Error(`${index}`);
      case "settles at once":
        return Promise.resolve();
      case "rejects":
        return this.#work(Promise.reject(new Error(`${index}`)));
      case "settles later":
        return this.#work(settle());
      case "thenable":
        return { then: (done: () => void) => done() } as Promise<void>;
    }
  }

  async #work(work: Promise<unknown>): Promise<void> {
    this.#atWork = true;
    try {
      await work;
    } finally {
      this.#atWork = false;
    }
  }

  failed(error: unknown): void {
    this.failures.push(Number((error as Error).message));
  }

  idle(): void {
    this.rests++;
  }

  full(): void {}
  room(): void {}
  vacant(): void {
    this.vacancies++;
  }
  overflow(): void {}
}

interface Note {
  readonly index: number;
  readonly manner: Manner;
}

/** Delivers a note; what it is to the mailbox goes round. */
function post(mailbox: Mailbox, note: Note): void {
  const letters = [Letter.event, Letter.gap];
  mailbox.deliver(letters[note.index % letters.length]!, note, {});
}

async function untilIdle(mailbox: Mailbox): Promise<void> {
  while (mailbox.busy) await settle();
}

describe("a mailbox", () => {
  const arrivals = fc.array(
    fc.record({
      manner: fc.constantFrom(...manners),
      /** What passes before the letter comes: nothing, a microtask or a turn. */
      pause: fc.constantFrom("none", "microtask", "turn"),
    }),
    { maxLength: 60 },
  );

  test("hands over every letter once, in order and alone, whatever the handlers do", async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, fc.nat({ max: 10 }), async (plan, before) => {
        const reader = new Reader();
        const mailbox = new Mailbox(reader, defaultLimits);
        const opening: Note = { index: -1, manner: "settles later" };
        for (const [index, { manner, pause }] of plan.entries()) {
          if (index === Math.min(before, plan.length - 1)) open(mailbox, reader, opening);
          post(mailbox, { index, manner });
          if (pause === "microtask") await Promise.resolve();
          else if (pause === "turn") await settle();
        }
        if (plan.length === 0) open(mailbox, reader, opening);
        await untilIdle(mailbox);
        expect(reader.handled).toEqual([-1, ...plan.keys()]);
        expect(reader.collisions).toBe(0);
        const failing = [...plan.entries()].filter(
          ([, { manner }]) => manner === "throws" || manner === "rejects",
        );
        expect(reader.failures).toEqual(failing.map(([index]) => index));
      }),
    );
  });

  test("never waits with a letter while nobody is at work", async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, async (plan) => {
        const reader = new Reader();
        const mailbox = new Mailbox(reader, defaultLimits);
        open(mailbox, reader, { index: -1, manner: "returns" });
        for (const [index, { manner, pause }] of plan.entries()) {
          const idle = !mailbox.busy;
          post(mailbox, { index, manner });
          if (idle) expect(reader.handled.at(-1)).toBe(index);
          if (pause !== "none") await settle();
        }
        await untilIdle(mailbox);
      }),
    );
  });

  test("takes letters that come inside a handler in their turn, however many", () => {
    const order: number[] = [];
    const reader = new Reader();
    const mailbox = new Mailbox(reader, { ...defaultLimits, mailboxMessages: 1e6 });
    reader.handle = (_letter, value) => {
      const { index } = value as Note;
      order.push(index);
      if (index < 2000) {
        post(mailbox, { index: index * 2, manner: "returns" });
        post(mailbox, { index: index * 2 + 1, manner: "returns" });
      }
    };
    open(mailbox, reader, { index: 1, manner: "returns" });
    expect(order).toEqual(Array.from({ length: 3999 }, (_, index) => index + 1));
  });

  test("says that it is idle only after a promise was awaited, once for a whole burst", async () => {
    const reader = new Reader();
    const mailbox = new Mailbox(reader, defaultLimits);
    open(mailbox, reader, { index: -1, manner: "returns" });
    post(mailbox, { index: 0, manner: "returns" });
    post(mailbox, { index: 1, manner: "throws" });
    expect(reader.rests).toBe(0);
    for (const index of [2, 3, 4]) post(mailbox, { index, manner: "settles later" });
    await untilIdle(mailbox);
    expect(reader.rests).toBe(1);
  });

  test("forgets what waits when it is cleared, and takes letters again", async () => {
    const reader = new Reader();
    const mailbox = new Mailbox(reader, defaultLimits);
    open(mailbox, reader, { index: -1, manner: "settles later" });
    post(mailbox, { index: 0, manner: "returns" });
    mailbox.clear();
    post(mailbox, { index: 1, manner: "returns" });
    await untilIdle(mailbox);
    expect(reader.handled).toEqual([-1, 1]);
  });

  test("takes nothing more when it is closed", async () => {
    const reader = new Reader();
    const mailbox = new Mailbox(reader, defaultLimits);
    open(mailbox, reader, { index: -1, manner: "settles later" });
    post(mailbox, { index: 0, manner: "returns" });
    mailbox.close();
    post(mailbox, { index: 1, manner: "returns" });
    mailbox.disconnect();
    await untilIdle(mailbox);
    expect(reader.handled).toEqual([-1]);
  });
});

describe("what a handler gives back in place of a plain promise", () => {
  /** What `then` does with the two functions that it is given. */
  type Then = (done: (value?: unknown) => void, failed: (error: unknown) => void) => void;

  class Sure extends Promise<void> {
    static sloppy: Then = () => {};
    override then(done: unknown, failed: unknown): never {
      return Sure.sloppy(done as () => void, failed as () => void) as never;
    }
  }

  const makes: Record<string, (then: Then) => unknown> = {
    "an object with a method": (then) => ({ then }),
    "a promise whose class has its own method": (then) => {
      Sure.sloppy = then;
      return Sure.resolve();
    },
  };

  const misdeeds: Record<string, { readonly then: Then; readonly fails: boolean }> = {
    "calls back at once": { then: (done) => done(), fails: false },
    "calls back twice": {
      then: (done) => {
        done();
        done();
      },
      fails: false,
    },
    "calls back later, and then again": {
      then: (done, failed) => {
        queueMicrotask(done);
        setImmediate(failed, new Error("0"));
      },
      fails: false,
    },
    "fails after it was done": {
      then: (done, failed) => {
        done();
        failed(new Error("0"));
      },
      fails: false,
    },
    "fails twice": {
      then: (_done, failed) => {
        failed(new Error("0"));
        failed(new Error("0"));
      },
      fails: true,
    },
    throws: {
      then: () => {
        throw new Error("0");
      },
      fails: true,
    },
    "throws after it was done": {
      then: (done) => {
        done();
        throw new Error("0");
      },
      fails: false,
    },
  };

  const cases = Object.entries(makes).flatMap(([what, make]) =>
    Object.entries(misdeeds).map(([how, { then, fails }]) => ({ what, make, how, then, fails })),
  );

  test.each(cases)("$what that $how is awaited once, and later", async ({ make, then, fails }) => {
    const reader = new Reader();
    const mailbox = new Mailbox(reader, defaultLimits);
    open(mailbox, reader, { index: -1, manner: "returns" });
    const { handle } = reader;
    reader.handle = (letter, value) => {
      const result = handle.call(reader, letter, value);
      return (value as Note).index === 0 ? (make(then) as Promise<void>) : result;
    };
    post(mailbox, { index: 0, manner: "returns" });
    // These wait for turns of the event loop, in which others must not be woken.
    for (const index of [1, 2, 3]) post(mailbox, { index, manner: "settles later" });
    expect(reader.handled).toEqual([-1, 0]);
    await untilIdle(mailbox);
    await settle();
    expect(reader.handled).toEqual([-1, 0, 1, 2, 3]);
    expect(reader.failures).toEqual(fails ? [0] : []);
    expect(reader.collisions).toBe(0);
    expect(reader.rests).toBe(1);
  });

  test("a promise with a method of its own is awaited as the language has it: past that", async () => {
    const reader = new Reader();
    const mailbox = new Mailbox(reader, defaultLimits);
    open(mailbox, reader, { index: -1, manner: "returns" });
    const { handle } = reader;
    let finish = (): void => {};
    reader.handle = (letter, value) => {
      const result = handle.call(reader, letter, value);
      if ((value as Note).index > 0) return result;
      const promise = new Promise<void>((resolve) => (finish = resolve));
      const then = (): never => expect.unreachable();
      return Object.defineProperty(promise, "then", { value: then });
    };
    for (const index of [0, 1]) post(mailbox, { index, manner: "returns" });
    await settle();
    expect(reader.handled).toEqual([-1, 0]);
    finish();
    await untilIdle(mailbox);
    expect(reader.handled).toEqual([-1, 0, 1]);
  });

  test("whose `then` cannot be looked up is a failure of the handler", async () => {
    const reader = new Reader();
    const mailbox = new Mailbox(reader, defaultLimits);
    open(mailbox, reader, { index: -1, manner: "returns" });
    const { handle } = reader;
    /** Throws when `then` is asked for the n-th time. */
    const moody = (patience: number): Promise<void> => {
      let asked = 0;
      return Object.defineProperty({}, "then", {
        get() {
          if (++asked === patience) throw new Error(`${patience}`);
          return (done: () => void) => done();
        },
      }) as Promise<void>;
    };
    reader.handle = (letter, value) => {
      void handle.call(reader, letter, value);
      return (value as Note).index > 0 ? moody((value as Note).index) : undefined;
    };
    // It is asked whether it is a promise, of which make, and then awaited.
    for (const index of [1, 2, 3, 4]) post(mailbox, { index, manner: "returns" });
    await untilIdle(mailbox);
    expect(reader.handled).toEqual([-1, 1, 2, 3, 4]);
    expect(reader.failures).toEqual([1, 2, 3]);
  });
});

describe("a handler that is always one letter behind", () => {
  test("keeps nothing of what it has handled", async () => {
    const keepers: WeakRef<object>[] = [];
    const mailbox = behind(2_000, (delivery) => keepers.push(new WeakRef(delivery)));
    await settle();
    (globalThis.gc as () => void)();
    const kept = keepers.filter((keeper) => keeper.deref() !== undefined);
    expect(kept.length).toBeLessThan(10);
    expect(mailbox.busy).toBe(true);
  });

  test("needs no more room the longer it goes on", () => {
    const collect = globalThis.gc as () => void;
    behind(1_000, () => {});
    collect();
    const before = process.memoryUsage().heapUsed;
    const mailbox = behind(200_000, () => {});
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
    expect(mailbox.busy).toBe(true);
  });

  /** A mailbox that has handled `count` letters while two more always waited. */
  function behind(count: number, keep: (delivery: object) => void): Mailbox {
    const reader = new Reader();
    const mailbox = new Mailbox(reader, defaultLimits);
    let handled = 0;
    reader.handle = () => {
      if (handled++ === count) return new Promise(() => {});
      const delivery = { group: `${handled}` };
      keep(delivery);
      mailbox.deliver(Letter.event, {}, delivery);
    };
    for (let waiting = 0; waiting < 3; waiting++) mailbox.deliver(Letter.event, {}, {});
    mailbox.open();
    return mailbox;
  }
});

/** Opens a mailbox with a handler of `open` of its own. */
function open(mailbox: Mailbox, reader: Reader, note: Note): void {
  const { handle } = reader;
  reader.handle = (letter, value) => handle.call(reader, letter, value ?? note);
  mailbox.open();
}

describe("a layer message that is offered to a mailbox", () => {
  const limits = { ...defaultLimits, mailboxMessages: 4 };
  const offer = (mailbox: Mailbox, index: number, manner: Manner = "settles later"): boolean =>
    mailbox.offer({ type: "a.note", index, manner }, {});

  test("is refused when as many wait as may, and the reader hears once that half have gone", async () => {
    const reader = new Reader();
    const mailbox = new Mailbox(reader, limits);
    open(mailbox, reader, { index: -1, manner: "settles later" });
    const taken = Array.from({ length: 7 }, (_, index) => offer(mailbox, index));
    expect(taken).toEqual([true, true, true, true, false, false, false]);
    const waiting: number[] = [];
    while (mailbox.busy) {
      await settle();
      if (reader.vacancies === 1) waiting.push(4 - reader.handled.length + 1);
    }
    expect(reader.handled).toEqual([-1, 0, 1, 2, 3]);
    expect(reader.vacancies).toBe(1);
    // Told before the letter was handled after which two wait.
    expect(waiting[0]).toBe(2);
  });

  test("is never refused by a handler that is idle, nor by one whose end has come", async () => {
    const reader = new Reader();
    const mailbox = new Mailbox(reader, { ...limits, mailboxMessages: 1 });
    open(mailbox, reader, { index: -1, manner: "returns" });
    for (let index = 0; index < 5; index++) expect(offer(mailbox, index, "returns")).toBe(true);
    mailbox.close();
    for (let index = 5; index < 9; index++) expect(offer(mailbox, index)).toBe(true);
    expect(reader.handled).toEqual([-1, 0, 1, 2, 3, 4]);
    expect(reader.vacancies).toBe(0);
  });
});
