import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChannelLayerError, UsageError } from "../../src/errors.ts";
import type { LayerMessage } from "../../src/layers/channel-layer.ts";
import { checkMessage, jsonCodec } from "../../src/layers/codec.ts";

function message(rest: Record<string, unknown>): LayerMessage {
  return { type: "test.message", ...rest };
}

function roundTrip(value: unknown): unknown {
  return jsonCodec.decode(jsonCodec.encode(message({ value }))).value;
}

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ChannelLayerError);
    expect(error).toMatchObject({ code: "ERR_LAYER_MESSAGE", temporary: false });
    return (error as Error).message;
  }
  return expect.fail("it was taken");
}

function encodingFault(rest: Record<string, unknown>): string {
  return refusal(() => jsonCodec.encode(message(rest)));
}

function nested(levels: number): unknown {
  return levels === 0 ? "bottom" : [nested(levels - 1)];
}

describe("what the codec carries", () => {
  test("a plain message is plain JSON, as any other program would write it", () => {
    const chat = { type: "chat.message", text: "hello", tags: ["a", null, 1.5, true] } as const;
    expect(jsonCodec.encode(chat)).toBe(JSON.stringify(chat));
    expect(jsonCodec.decode(JSON.stringify(chat))).toEqual(chat);
  });

  test("bytes come back as a Uint8Array with a buffer of its own", () => {
    const back = roundTrip(Buffer.from([0, 1, 254, 255])) as Uint8Array;
    expect(Object.getPrototypeOf(back)).toBe(Uint8Array.prototype);
    expect(back).toEqual(Uint8Array.of(0, 1, 254, 255));
    expect(back.buffer.byteLength).toBe(4);
  });

  test("a part of a larger buffer carries that part only", () => {
    const whole = Uint8Array.of(1, 2, 3, 4, 5);
    expect(roundTrip(whole.subarray(1, 3))).toEqual(Uint8Array.of(2, 3));
  });

  test("bytes travel as base64 under a key that no user's object can have", () => {
    expect(jsonCodec.encode(message({ value: Uint8Array.of(0, 1, 2) }))).toBe(
      '{"type":"test.message","value":{"$bytes":"AAEC"}}',
    );
    expect(jsonCodec.encode(message({ value: { $bytes: "AAEC" } }))).toBe(
      '{"type":"test.message","value":{"$$bytes":"AAEC"}}',
    );
  });

  test("objects that look like bytes come back as the objects that they are", () => {
    for (const value of [
      { $bytes: "AAEC" },
      { $$bytes: "AAEC" },
      { $bytes: Uint8Array.of(1) },
      { $bytes: { $bytes: "AAEC" } },
      { $bytes: "AAEC", more: 1 },
      { $: "", $$: "$" },
      ["$bytes", "$"],
    ]) {
      expect(roundTrip(value)).toEqual(value);
    }
  });

  test("a top-level key with a dollar and bytes at the top level come back", () => {
    const all = message({ $type: "x", bytes: Uint8Array.of(9) });
    expect(jsonCodec.decode(jsonCodec.encode(all))).toEqual(all);
  });

  test("objects without a prototype are taken as plain ones", () => {
    const value = Object.assign(Object.create(null) as object, { a: 1 });
    expect(roundTrip(value)).toEqual({ a: 1 });
  });

  test("one object in two places is carried twice", () => {
    const shared = { a: 1 };
    expect(roundTrip([shared, shared])).toEqual([{ a: 1 }, { a: 1 }]);
  });

  test("minus zero comes back as zero, as JSON has it", () => {
    expect(Object.is(roundTrip(-0), 0)).toBe(true);
  });

  test("an encoded message may come as bytes of UTF-8", () => {
    const bytes = new TextEncoder().encode('{"type":"a.b","text":"é😀"}');
    expect(jsonCodec.decode(bytes)).toEqual({ type: "a.b", text: "é😀" });
  });

  test("any JSON value with bytes anywhere, under hostile keys, comes back equal", () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.jsonValue({ noUnicodeString: false }),
        fc.string({ unit: "binary" }),
        fc.uint8Array({ maxLength: 8 }),
        tie("array"),
        tie("object"),
      ),
      array: fc.array(tie("value"), { maxLength: 4 }),
      object: fc
        .array(fc.tuple(key, tie("value")), { maxLength: 4 })
        .map((entries) => Object.fromEntries(entries) as unknown),
    }));
    fc.assert(
      fc.property(value, (original) => {
        expect(normalised(roundTrip(original))).toEqual(normalised(original));
      }),
      { numRuns: 1_000 },
    );
  });
});

const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom("$", "$$", "$bytes", "$$bytes", "$$$bytes", "__proto__", "constructor", "toJSON"),
);

/** A form in which keys like `__proto__` and the kinds of arrays cannot hide from a comparison. */
function normalised(value: unknown): unknown {
  if (value instanceof Uint8Array) return ["bytes", ...value];
  if (Array.isArray(value)) return ["array", ...value.map(normalised)];
  if (typeof value !== "object" || value === null) return value === 0 ? 0 : value;
  return ["object", ...Object.entries(value).map(([name, inner]) => [name, normalised(inner)])];
}

describe("what the codec refuses to encode", () => {
  test("is named with its place and its type", () => {
    expect(encodingFault({ user: { born: new Date() } })).toBe(
      "layer message is not JSON at $.user.born: a Date",
    );
    expect(encodingFault({ list: [1, [2, undefined]] })).toBe(
      "layer message is not JSON at $.list[1][1]: undefined",
    );
    expect(encodingFault({ "a key": { 'with "quotes"': 1n } })).toBe(
      'layer message is not JSON at $["a key"]["with \\"quotes\\""]: a bigint',
    );
  });

  test.each([
    ["undefined", undefined, "undefined"],
    ["a function", () => {}, "a function"],
    ["a symbol", Symbol("x"), "a symbol"],
    ["a bigint", 1n, "a bigint"],
    ["NaN", Number.NaN, "NaN"],
    ["an infinity", -Infinity, "-Infinity"],
    ["a Date", new Date(), "a Date"],
    ["a Map", new Map(), "a Map"],
    ["an Error", new Error("x"), "an Error"],
    ["another typed array", new Float64Array(1), "a Float64Array"],
    ["an ArrayBuffer", new ArrayBuffer(1), "an ArrayBuffer"],
    ["an instance of a class", new (class User {})(), "a User"],
    ["an instance of a nameless class", new (class {})(), "an instance of a nameless class"],
    ["a boxed string", new String("x"), "a String"],
    ["an array with a toJSON", Object.assign([], { toJSON: () => 1 }), "an array with a toJSON"],
  ])("%s", (_, value, what) => {
    expect(encodingFault({ value })).toBe(`layer message is not JSON at $.value: ${what}`);
  });

  test("an object with a toJSON, its own or not, seen or hidden", () => {
    const own = { toJSON: () => "x" };
    const hidden = Object.defineProperty({}, "toJSON", { value: () => "x" });
    for (const value of [own, hidden]) {
      expect(encodingFault({ value })).toContain("an object with a toJSON");
    }
    expect(roundTrip({ toJSON: "only data" })).toEqual({ toJSON: "only data" });
  });

  test("a hole in an array", () => {
    const list = new Array<number>(2);
    list[0] = 1;
    expect(encodingFault({ list })).toBe("layer message is not JSON at $.list[1]: a hole");
  });

  test("a cycle, without exhausting the stack or the log", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = [cycle, cycle];
    const fault = encodingFault({ cycle });
    expect(fault).toContain("a cycle, or more than 100 levels");
    expect(fault).toContain("$.cycle.self[0].self[0]");
    expect(fault.length).toBeLessThan(250);
  });

  test("nesting deeper than 100, and not one level less", () => {
    expect(roundTrip(nested(99))).toEqual(nested(99));
    expect(encodingFault({ value: nested(100) })).toContain("more than 100 levels");
    expect(encodingFault({ value: nested(5_000) })).toContain("more than 100 levels");
  });

  test("bytes may sit at the deepest level", () => {
    const wrap = (levels: number, inner: unknown): unknown =>
      levels === 0 ? inner : [wrap(levels - 1, inner)];
    const deepest = wrap(99, Uint8Array.of(1));
    expect(roundTrip(deepest)).toEqual(deepest);
  });

  test("a message that is an instance itself", () => {
    class Note {
      readonly type = "a.b";
    }
    const fault = refusal(() => jsonCodec.encode(new Note() as unknown as LayerMessage));
    expect(fault).toBe("layer message is not JSON at $: a Note");
  });
});

describe("what the codec decodes", () => {
  test("is frozen to its depth, bytes excepted", () => {
    const back = jsonCodec.decode(
      jsonCodec.encode(message({ user: { tags: [{ a: 1 }] }, bytes: Uint8Array.of(1) })),
    );
    const user = back.user as { tags: object[] };
    for (const part of [back, user, user.tags, user.tags[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(back.bytes).toEqual(Uint8Array.of(1));
  });

  test("has __proto__ as a key of its own, and no prototype is touched", () => {
    for (const extra of ["", ',"$$key":{"$bytes":"AA=="}']) {
      const text = `{"type":"a.b","__proto__":{"admin":true},"inner":{"__proto__":{"admin":true}${extra}}}`;
      const back = jsonCodec.decode(text);
      for (const object of [back, back.inner as Record<string, unknown>]) {
        expect(Object.hasOwn(object, "__proto__")).toBe(true);
        expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
        expect(object.admin).toBeUndefined();
      }
      expect(({} as Record<string, unknown>).admin).toBeUndefined();
      expect(jsonCodec.encode(back)).toBe(text);
    }
  });

  test("is a message: other text from a backend is refused, never passed on", () => {
    for (const text of ["", "{", "null", "7", '"a.b"', '[{"type":"a.b"}]', "{}", '{"type":1}']) {
      refusal(() => jsonCodec.decode(text));
    }
    refusal(() => jsonCodec.decode(Uint8Array.of(0x22, 0xff, 0x22)));
  });

  test("is not too deep: 200 000 levels from a backend are an error, not a crash", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    refusal(() => jsonCodec.decode(`{"type":"a.b","value":${deep}}`));
    refusal(() => jsonCodec.decode(`{"type":"a.b","$":0,"value":${deep}}`));
  });

  test("keeps the cause of what is not JSON", () => {
    try {
      jsonCodec.decode("{");
      expect.fail("it was taken");
    } catch (error) {
      expect((error as Error).cause).toBeInstanceOf(SyntaxError);
    }
  });
});

describe("the type of a message", () => {
  function fault(value: unknown): string {
    try {
      checkMessage(value);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({ code: "ERR_EVENT_TYPE" });
      return (error as Error).message;
    }
    return expect.fail("it was taken");
  }

  test("is a string with a dot", () => {
    checkMessage({ type: "chat.message" });
    checkMessage({ type: "." });
    checkMessage({ type: "sluiced.gate" });
  });

  test("is named in the error when it cannot be used", () => {
    expect(fault({ type: "chat" })).toContain(
      'layer message type "chat" has no dot: write it like "chat.message"',
    );
    expect(fault({ type: "sluice.x" })).toContain('"sluice.x" begins with the reserved "sluice."');
    expect(fault({ type: 7 })).toContain("not a number");
    expect(fault({})).toContain("not undefined");
    expect(fault({ type: "x\n".repeat(500) }).length).toBeLessThan(400);
  });

  test("is asked of anything that plain JavaScript may pass", () => {
    for (const value of [undefined, null, 7, "chat.message", []]) fault(value);
  });
});
