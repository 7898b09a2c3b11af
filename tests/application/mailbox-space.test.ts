import { describe, expect, it } from "vitest";
import { Letter } from "../../src/application/letter.ts";
import { Mailbox, type MailboxReader } from "../../src/application/mailbox.ts";
import { defaultLimits } from "../../src/internal/limits.ts";
import { SharedBytes } from "../../src/internal/shared-bytes.ts";

const limit = 100_000;

/** What a letter counts besides its message. */
const envelope = 64;

/** A mailbox whose reader never comes to an end with the first letter, until it is told to. */
function busy(space: SharedBytes) {
  const words: string[] = [];
  let finish: () => void = () => {};
  const reader: MailboxReader = {
    slow: "close",
    handle: (letter) =>
      letter === Letter.open
        ? new Promise<void>((resolve) => {
            finish = resolve;
          })
        : undefined,
    failed: () => expect.unreachable(),
    idle: () => {},
    full: () => words.push("full"),
    room: () => words.push("room"),
    overflow: () => expect.unreachable(),
    vacant: () => expect.unreachable(),
  };
  const mailbox = new Mailbox(reader, defaultLimits, space);
  mailbox.open();
  const text = (size: number) => mailbox.deliver(Letter.text, "x".repeat(size), undefined);
  return { mailbox, words, text, finish: () => finish() };
}

describe("what waits in all mailboxes", () => {
  it("holds reading back from a peer that fills more than is left for all others", () => {
    const space = new SharedBytes(limit);
    const { text, words } = busy(space);
    text(40_000);
    expect(words).toEqual([]);
    text(20_000);
    expect(words).toEqual(["full"]);
    expect(space.held).toBe(60_000 + 2 * envelope);
  });

  it("leaves room for a peer that comes when others hold much", () => {
    const space = new SharedBytes(limit);
    for (let i = 0; i < 5; i++) {
      const { text, words } = busy(space);
      for (let sent = 0; words.length === 0 && sent < limit; sent += 100) text(100);
    }
    expect(space.held).toBeLessThan(limit);
    const { text, words } = busy(space);
    text(100);
    expect(words).toEqual([]);
  });

  it("counts empty messages, too", () => {
    const space = new SharedBytes(limit);
    const { text } = busy(space);
    for (let i = 0; i < 10; i++) text(0);
    expect(space.held).toBe(10 * envelope);
  });

  it("is given back as letters are handled, and reading goes on", async () => {
    const space = new SharedBytes(limit);
    const { text, words, finish } = busy(space);
    text(60_000);
    expect(words).toEqual(["full"]);
    finish();
    await Promise.resolve();
    await Promise.resolve();
    expect(space.held).toBe(0);
    expect(words).toEqual(["full", "room"]);
  });

  it("reads on with an empty mailbox, although others hold everything", async () => {
    const space = new SharedBytes(limit);
    const { text, words, finish } = busy(space);
    space.hold(limit);
    text(1);
    expect(words).toEqual(["full"]);
    finish();
    await Promise.resolve();
    await Promise.resolve();
    expect(words).toEqual(["full", "room"]);
  });

  it("is given back when the connection ends with letters unread", () => {
    const space = new SharedBytes(limit);
    const { mailbox, text } = busy(space);
    text(1_000);
    mailbox.close();
    expect(space.held).toBe(0);
    mailbox.close();
    expect(space.held).toBe(0);
  });
});

describe("a full mailbox of a handler that awaits something", () => {
  it("is handled over several turns of the event loop, in order", async () => {
    const turns: (() => void)[] = [];
    let asked = 0;
    const pace = {
      get spentMidway() {
        return ++asked % 3 === 0;
      },
      wait: ({ readOn }: { readOn(): void }) => void turns.push(() => readOn()),
    };
    const handled: unknown[] = [];
    const reader: MailboxReader = {
      slow: "close",
      handle: (_letter, value) => Promise.resolve().then(() => handled.push(value)),
      failed: () => expect.unreachable(),
      idle: () => handled.push("idle"),
      full: () => {},
      room: () => {},
      overflow: () => expect.unreachable(),
      vacant: () => {},
    };
    const mailbox = new Mailbox(reader, defaultLimits, undefined, pace);
    mailbox.open();
    const texts = ["a", "b", "c", "d", "e", "f"];
    for (const text of texts) mailbox.deliver(Letter.text, text, undefined);
    let ended = 0;
    for (let i = 0; i < 200 && handled.at(-1) !== "idle"; i++) {
      await Promise.resolve();
      if (i % 20 !== 19) continue;
      expect(mailbox.answering).toBe(false);
      turns.shift()?.();
      ended++;
    }
    expect(ended).toBeGreaterThan(1);
    expect(handled).toEqual([undefined, ...texts, "idle"]);
  });
});
