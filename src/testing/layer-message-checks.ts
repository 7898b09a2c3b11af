import assert from "node:assert/strict";
import type { LayerMessage } from "../layers/channel-layer.ts";
import { type LayerCheck, rejects } from "./layer-check.ts";
import { fresh, LayerReader, note, numbers } from "./layer-reader.ts";

/** The promises about messages: what arrives is what was sent, or it was refused. */
export const messageChecks: readonly LayerCheck[] = [
  {
    name: "every JSON value arrives equal, and so do bytes",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const reader = new LayerReader(layer);
      await layer.join(group, reader.channel);
      for (const value of values) await other.groupSend(group, { type: "check.value", value });
      await eventually(() => assert.equal(reader.messages.length, values.length));
      assert.deepEqual(
        reader.messages.map(({ value }) => value),
        values,
      );
    },
  },
  {
    name: "a message of half a mebibyte arrives equal, by either way",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const reader = new LayerReader(layer);
      await layer.join(group, reader.channel);
      const large = {
        type: "check.large",
        text: "é😀\n".repeat(60_000),
        bytes: Uint8Array.from(numbers(60_000), (number) => number % 256),
      } as const;
      await other.groupSend(group, large);
      await eventually(() => assert.equal(reader.messages.length, 1));
      await other.send(reader.channel.name, large);
      await eventually(() => assert.equal(reader.messages.length, 2));
      // Not deepEqual: a failing run would print all of it.
      for (const message of reader.messages) {
        assert.ok(message.text === large.text, "the text changed");
        assert.ok(
          Buffer.from(message.bytes as Uint8Array).equals(large.bytes),
          "the bytes changed",
        );
      }
    },
  },
  {
    name: "keys like __proto__ are data, and touch no prototype",
    async run({ layer, other, eventually }) {
      const reader = new LayerReader(layer);
      const hostile = JSON.parse(
        '{"type":"check.keys","__proto__":{"admin":true},"inner":{"__proto__":{"admin":true},"$bytes":"AAEC"},"constructor":{"prototype":{"admin":true}}}',
      ) as LayerMessage;
      await other.send(reader.channel.name, hostile);
      await eventually(() => assert.equal(reader.messages.length, 1));
      const message = reader.messages[0] as Record<string, unknown>;
      const inner = message.inner as Record<string, unknown>;
      for (const object of [message, inner]) {
        assert.ok(Object.hasOwn(object, "__proto__"), "__proto__ is no key of its own");
        assert.equal(Object.getPrototypeOf(object), Object.prototype);
        assert.equal(object.admin, undefined);
      }
      assert.equal(({} as Record<string, unknown>).admin, undefined);
      assert.equal(JSON.stringify(message), JSON.stringify(hostile));
    },
  },
  {
    name: "all members in one process get one object, frozen to its depth",
    async run({ layer, other, eventually }) {
      const group = fresh("room");
      const members = [new LayerReader(layer), new LayerReader(layer)];
      for (const member of members) await layer.join(group, member.channel);
      await other.groupSend(group, note({ list: [{ deep: [] }], bytes: new Uint8Array(2) }));
      await eventually(() => {
        for (const member of members) assert.equal(member.messages.length, 1);
      });
      assert.equal(members[0]!.messages[0], members[1]!.messages[0]);
      assertFrozen(members[0]!.messages[0], "the message");

      await other.send(members[0]!.channel.name, note({ list: [{}] }));
      await eventually(() => assert.equal(members[0]!.messages.length, 2));
      assertFrozen(members[0]!.messages[1], "the direct message");
    },
  },
  {
    name: "the sender may change its object once the call has returned",
    async run({ layer, eventually }) {
      const group = fresh("room");
      const reader = new LayerReader(layer);
      await layer.join(group, reader.channel);
      const message = { type: "check.note", text: ["before"] } satisfies LayerMessage;
      const sent = [layer.groupSend(group, message), layer.send(reader.channel.name, message)];
      message.text[0] = "after";
      await Promise.all(sent);
      await eventually(() => assert.deepEqual(reader.texts, [["before"], ["before"]]));
      assert.ok(!Object.isFrozen(message), "the sender's own object was frozen");
    },
  },
  {
    name: "a message without a type with a dot, or with a reserved one, is refused",
    async run({ layer }) {
      const types = [undefined, null, 7, "", "nodot", "sluice.", "sluice.internal"];
      const messages: readonly unknown[] = [...types.map((type) => ({ type })), {}, null, "a.b", 7];
      for (const message of messages as LayerMessage[]) {
        await rejects("ERR_EVENT_TYPE", () => layer.send(fresh("work"), message));
        await rejects("ERR_EVENT_TYPE", () => layer.groupSend(fresh("room"), message));
      }
    },
  },
  {
    name: "what JSON cannot carry is refused, also when nobody listens",
    async run({ layer, eventually }) {
      const group = fresh("room");
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      const refused = [
        ...[undefined, () => {}, Symbol("x"), 1n, Number.NaN, Infinity, new Date(0), new Map()],
        ...[new Set(), /x/, new Error("x"), new Float64Array(1), new ArrayBuffer(1), cycle],
        ...[new (class User {})(), { toJSON: () => "x" }, new Array(3), Promise.resolve()],
      ];
      for (const value of refused) {
        for (const text of [value, [value], { deep: [{ value }] }]) {
          await rejects("ERR_LAYER_MESSAGE", () => layer.groupSend(group, note(text)));
          await rejects("ERR_LAYER_MESSAGE", () => layer.send(fresh("work"), note(text)));
        }
      }
      const member = new LayerReader(layer);
      await layer.join(group, member.channel);
      await rejects("ERR_LAYER_MESSAGE", () => layer.groupSend(group, note(1n)));
      await layer.groupSend(group, note("fine"));
      await eventually(() => assert.deepEqual(member.texts, ["fine"]));
    },
  },
];

const values: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, 5e-324, Number.MAX_SAFE_INTEGER, 2 ** 53, 0.1],
  ...[
    "",
    " ",
    "text",
    "\0\u0001\u001f\u007f",
    "\u2028\u2029",
    "\ufeff",
    "é",
    "👩‍👩‍👧‍👦",
    "\ud800",
    "</script>",
  ],
  ...[[], {}, [[]], [null, [1, ["two", { three: 3 }]]], { a: { b: { c: {} } } }],
  ...[
    { "": 1, " ": 2, "a.b": 3, é: 4, "0": 5 },
    { type: "inner", toString: 1 },
  ],
  ...[new Uint8Array(0), Uint8Array.from([0, 127, 128, 255]), { deep: [new Uint8Array(3)] }],
  ...[
    { $bytes: "AAEC" },
    { $$bytes: "AAEC" },
    { $bytes: [1] },
    { $bytes: "AA", more: 1 },
    { $: "" },
  ],
  nested(90),
];

function nested(levels: number): unknown {
  return levels === 0 ? "bottom" : [nested(levels - 1)];
}

function assertFrozen(value: unknown, path: string): void {
  // The bytes of a typed array cannot be frozen.
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  assert.ok(Object.isFrozen(value), `${path} is not frozen`);
  for (const [key, inner] of Object.entries(value)) assertFrozen(inner, `${path}.${key}`);
}
