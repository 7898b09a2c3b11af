import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Backlog } from "../../src/connection/backlog.ts";
import { Outbox } from "../../src/connection/outbox.ts";
import type { SendOptions, SlowPolicy } from "../../src/internal/send-options.ts";

const policies: SlowPolicy[] = ["close", "drop-newest", "drop-oldest", "latest"];

describe.each(policies)("an outbox with the policy %s", (policy) => {
  it("keeps messages in order, up to its limit inclusive", () => {
    const { outbox, dropped, rest } = box(policy, 10);
    for (const text of ["abc", "de", "fghij"]) expect(outbox.offer(text, {})).toBe("kept");
    expect(outbox.size).toBe(10);
    expect(outbox.length).toBe(3);
    expect(rest()).toEqual(["abc", "de", "fghij"]);
    expect(dropped).toEqual([]);
  });

  it("takes any one message when it is empty", () => {
    const { outbox, rest } = box(policy, 10);
    expect(outbox.offer("x".repeat(1_000), {})).toBe("kept");
    expect(rest()).toHaveLength(1);
    expect(outbox.offer(Buffer.alloc(1_000), {})).toBe("kept");
    expect(outbox.size).toBe(1_000);
  });

  it("drops a droppable message that does not fit, and nothing else", () => {
    const { outbox, dropped, rest } = box(policy, 10);
    outbox.offer("1234567", { key: "a" });
    expect(outbox.offer("7654", { key: "a", droppable: true })).toBe("kept");
    expect(dropped).toEqual([4]);
    expect(rest()).toEqual(["1234567"]);
  });

  it("keeps a droppable message that fits", () => {
    const { outbox, dropped, rest } = box(policy, 10);
    outbox.offer("1234", { droppable: true });
    outbox.offer("5678", { droppable: true });
    expect(dropped).toEqual([]);
    expect(rest()).toEqual(["1234", "5678"]);
  });

  it("counts text in bytes of UTF-8", () => {
    const { outbox } = box(policy, 10);
    outbox.offer("é€😀", {});
    expect(outbox.size).toBe(9);
  });

  it("drops everything when it is cleared, and says so", () => {
    const { outbox, dropped } = box(policy, 10);
    for (const text of ["abc", "de"]) outbox.offer(text, {});
    outbox.clear();
    expect(dropped).toEqual([3, 2]);
    expect([outbox.length, outbox.size]).toEqual([0, 0]);
  });
});

describe("a message that meets a full outbox", () => {
  it("asks for the connection to be closed, and is not kept (close)", () => {
    const { outbox, dropped, rest } = box("close", 10);
    outbox.offer("1234567", {});
    expect(outbox.offer("8901", {})).toBe("full");
    expect(dropped).toEqual([]);
    expect(rest()).toEqual(["1234567"]);
  });

  it("is dropped (drop-newest)", () => {
    const { outbox, dropped, rest } = box("drop-newest", 10);
    for (const text of ["1234567", "8901", "234"]) expect(outbox.offer(text, {})).toBe("kept");
    expect(dropped).toEqual([4]);
    expect(rest()).toEqual(["1234567", "234"]);
  });

  it("takes the place of those that wait longest (drop-oldest)", () => {
    const { outbox, dropped, rest } = box("drop-oldest", 10);
    for (const text of ["123", "45", "67890", "1234"]) outbox.offer(text, {});
    expect(dropped).toEqual([3, 2]);
    expect(rest()).toEqual(["67890", "1234"]);
  });

  it("takes the place of all of them if it is large (drop-oldest)", () => {
    const { outbox, dropped, rest } = box("drop-oldest", 10);
    for (const text of ["123", "45", "x".repeat(100)]) outbox.offer(text, {});
    expect(dropped).toEqual([3, 2]);
    expect(rest()).toEqual(["x".repeat(100)]);
  });

  it("takes the place of the one with its key (latest)", () => {
    const { outbox, dropped, rest } = box("latest", 10);
    outbox.offer("news", {});
    outbox.offer("x=1", { key: "x" });
    outbox.offer("y=1", { key: "y" });
    outbox.offer("x=2", { key: "x" });
    expect(dropped).toEqual([3]);
    expect(rest()).toEqual(["news", "y=1", "x=2"]);
  });

  it("takes the place of the oldest, too, if that is not enough (latest)", () => {
    const { outbox, dropped, rest } = box("latest", 10);
    outbox.offer("news", {});
    outbox.offer("x=1", { key: "x" });
    outbox.offer("y=1", { key: "y" });
    outbox.offer("x=1000", { key: "x" });
    expect(dropped).toEqual([3, 4]);
    expect(rest()).toEqual(["y=1", "x=1000"]);
  });

  it("without a key, or with a new one, takes the place of the oldest (latest)", () => {
    const { outbox, rest } = box("latest", 10);
    outbox.offer("12345", { key: "x" });
    outbox.offer("67890", { key: "y" });
    outbox.offer("abcde", {});
    outbox.offer("fghij", { key: "z" });
    expect(rest()).toEqual(["abcde", "fghij"]);
  });

  it("replaces nothing while there is room, not even with the same key (latest)", () => {
    const { outbox, rest } = box("latest", 10);
    outbox.offer("x=1", { key: "x" });
    outbox.offer("x=2", { key: "x" });
    expect(rest()).toEqual(["x=1", "x=2"]);
  });
});

describe("any sequence of messages", () => {
  const offer = fc.record({
    size: fc.nat(12),
    options: fc.record(
      { key: fc.constantFrom("a", "b"), droppable: fc.boolean() },
      { requiredKeys: [] },
    ),
  });
  const actions = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: offer },
      { weight: 1, arbitrary: fc.constant("take" as const) },
    ),
    { maxLength: 100 },
  );

  it.each(policies)("is treated as the plain words of the policy %s say", (policy) => {
    fc.assert(
      fc.property(actions, (sequence) => {
        const { outbox, dropped } = box(policy, 20);
        const model = new PlainOutbox(policy, 20);
        for (const [i, act] of sequence.entries()) {
          if (act === "take") {
            expect(outbox.take()?.data).toBe(model.waiting.shift()?.data);
          } else {
            const data = String.fromCharCode(97 + (i % 26)).repeat(act.size);
            expect(outbox.offer(data, act.options)).toBe(model.offer(data, act.options));
          }
          expect(dropped).toEqual(model.dropped);
          expect(outbox.length).toBe(model.waiting.length);
          expect(outbox.size).toBe(model.size);
        }
      }),
    );
  });

  it("may be long: thousands come and go and the order stays", () => {
    const { outbox, rest } = box("close", 1e9);
    const got: unknown[] = [];
    for (let i = 0; i < 20_000; i++) {
      outbox.offer(String(i), {});
      if (i % 3 > 0) got.push(outbox.take()!.data);
    }
    got.push(...rest());
    expect(got).toEqual(Array.from({ length: 20_000 }, (_, i) => String(i)));
  });
});

/** The policies once more, in the plainest words. */
class PlainOutbox {
  waiting: { data: string; key: string | undefined }[] = [];
  readonly dropped: number[] = [];
  readonly #policy: SlowPolicy;
  readonly #limit: number;

  constructor(policy: SlowPolicy, limit: number) {
    this.#policy = policy;
    this.#limit = limit;
  }

  get size(): number {
    return this.waiting.reduce((sum, { data }) => sum + data.length, 0);
  }

  offer(data: string, { key, droppable }: SendOptions): "kept" | "full" {
    const fits = () => this.waiting.length === 0 || this.size + data.length <= this.#limit;
    if (!fits()) {
      if (droppable || this.#policy === "drop-newest") {
        this.dropped.push(data.length);
        return "kept";
      }
      if (this.#policy === "close") return "full";
      const same = this.waiting.findIndex((each) => each.key === key);
      if (this.#policy === "latest" && key !== undefined && same !== -1) this.#drop(same);
      while (!fits()) this.#drop(0);
    }
    this.waiting.push({ data, key });
    return "kept";
  }

  #drop(index: number): void {
    this.dropped.push(...this.waiting.splice(index, 1).map(({ data }) => data.length));
  }
}

/** An outbox, the sizes that it dropped, and a function that takes all that is left. */
function box(policy: SlowPolicy, limit: number) {
  const dropped: number[] = [];
  const outbox = new Outbox(limit, policy, new Backlog(1e9), (size) => dropped.push(size));
  const rest = () => {
    const taken: unknown[] = [];
    for (let next = outbox.take(); next !== undefined; next = outbox.take()) taken.push(next.data);
    return taken;
  };
  return { outbox, dropped, rest };
}
