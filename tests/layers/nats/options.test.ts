import { type NatsLayerOptions, natsLayer } from "sluice/layers/nats";
import { describe, expect, it } from "vitest";

/** A connection of which nothing is asked: the options are wrong before. */
const connection = { subscribe() {} } as unknown as NatsLayerOptions["connection"];

const mistakes: readonly (readonly [name: string, options: object, message: RegExp])[] = [
  ["no connection", { connection: undefined }, /connection of natsLayer is undefined/],
  [
    "a connection that is another thing",
    { connection: {} },
    /connection of natsLayer is an object; it must be what connect/,
  ],
  ["one without an echo", { connection: { ...connection, options: { noEcho: true } } }, /noEcho/],
  [
    "another storage",
    { jetstream: { storage: "tape" } },
    /jetstream\.storage of natsLayer is tape/,
  ],
  ["half a server", { jetstream: { replicas: 1.5 } }, /jetstream\.replicas of natsLayer is 1\.5/],
  ["no room", { jetstream: { bytes: 0 } }, /jetstream\.bytes of natsLayer is 0/],
  ["what it does not know", { jetstream: { replica: 3 } }, /did you mean "replicas"/],
  ["a history that is no list", { history: {} }, /history/],
];

const prefixes = ["", "a b", "a..b", ".a", "a.", "a.*", ">", "é", "x".repeat(101)];

describe("natsLayer refuses, with the option and its value,", () => {
  it.each(mistakes)("%s", (_, wrong, message) => {
    const options = { connection, ...wrong } as NatsLayerOptions;
    expect(() => natsLayer(options)).toThrow(message);
    expect(() => natsLayer(options)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_OPTION" }) as Error,
    );
  });

  it.each(prefixes)('the prefix "%s", which can begin no subject', (prefix) => {
    expect(() => natsLayer({ connection, prefix })).toThrow(/the option prefix is/);
  });
});
