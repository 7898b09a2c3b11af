import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PartialBudget, PartialMessage } from "../../src/protocol/partial-message.ts";

const unlimited = () => new PartialBudget(Number.POSITIVE_INFINITY);

describe("the budget of unfinished messages", () => {
  it("gives up to its limit, all or nothing", () => {
    const budget = new PartialBudget(100);
    expect(budget.take(60)).toBe(true);
    expect(budget.take(41)).toBe(false);
    expect(budget.held).toBe(60);
    expect(budget.take(40)).toBe(true);
    expect(budget.held).toBe(budget.limit);
    budget.release(100);
    expect(budget.held).toBe(0);
  });
});

describe("an unfinished message", () => {
  it("is what was appended, however it was cut", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(pieces, fc.boolean(), (parts, known) => {
        const budget = unlimited();
        const message = new PartialMessage(budget);
        const whole = Buffer.concat(parts);
        for (const part of parts) {
          const due = known ? whole.length - message.length - part.length : 0;
          const source = Buffer.concat([Buffer.of(1, 2, 3), part, Buffer.of(4)]);
          expect(message.append(source, 3, 3 + part.length, due)).toBe(true);
          const { length } = message;
          expect(budget.held).toBeGreaterThanOrEqual(length);
          expect(budget.held).toBeLessThanOrEqual(length === 0 ? 0 : Math.max(128, 2 * length));
        }
        expect(message.length).toBe(whole.length);
        expect(message.take().equals(whole)).toBe(true);
        expect(budget.held).toBe(0);
      }),
    );
  });

  it("holds nothing before its first byte", () => {
    const budget = unlimited();
    const message = new PartialMessage(budget);
    expect(message.append(Buffer.alloc(0), 0, 0, 1_000_000)).toBe(true);
    expect(budget.held).toBe(0);
    expect(message.take()).toHaveLength(0);
  });

  it("takes exactly what is missing once its end is near", () => {
    const budget = unlimited();
    const message = new PartialMessage(budget);
    message.append(Buffer.alloc(600), 0, 600, 400);
    expect(budget.held).toBe(600);
    message.append(Buffer.alloc(300), 0, 300, 100);
    expect(budget.held).toBe(1000);
    message.append(Buffer.alloc(100), 0, 100, 0);
    expect(budget.held).toBe(1000);
  });

  it("has room for all of a long one once a quarter is here", () => {
    const budget = unlimited();
    const message = new PartialMessage(budget);
    const read = Buffer.alloc(64 * 1024);
    for (let reads = 1; reads <= 16; reads++) {
      message.append(read, 0, read.length, (16 - reads) * read.length);
      expect(budget.held).toBe((reads <= 4 ? 4 : 16) * read.length);
    }
  });

  it("stays as it was when the budget refuses", () => {
    const budget = new PartialBudget(256);
    const message = new PartialMessage(budget);
    expect(message.append(Buffer.from("kept"), 0, 4, 0)).toBe(true);
    expect(message.append(Buffer.alloc(300), 0, 300, 0)).toBe(false);
    expect(budget.held).toBe(128);
    expect(message.take().toString()).toBe("kept");
  });

  it("hands over memory that it never writes to again", () => {
    const message = new PartialMessage(unlimited());
    message.append(Buffer.from("first"), 0, 5, 0);
    const first = message.take();
    message.append(Buffer.from("other"), 0, 5, 0);
    expect(first.toString()).toBe("first");
    expect(message.take().toString()).toBe("other");
  });

  it("gives its memory back once, when it is forgotten", () => {
    const budget = unlimited();
    const message = new PartialMessage(budget);
    message.append(Buffer.alloc(1000), 0, 1000, 0);
    message.discard();
    message.discard();
    expect(budget.held).toBe(0);
    expect(message.length).toBe(0);
  });
});
