import { describe, expect, test } from "vitest";
import { readEnvelope, writeEnvelope } from "../../../src/layers/broker/envelope.ts";

const longest = "🦆".repeat(50);

describe("an envelope", () => {
  test.each([
    { id: undefined, except: undefined, payload: '{"type":"a.b"}' },
    { id: "one", except: undefined, payload: "é" },
    { id: undefined, except: "sluice.x.1", payload: "" },
    { id: longest, except: longest, payload: "x".repeat(10_000) },
    { id: "one", except: "two", payload: Buffer.from([0, 255, 128]) },
    { id: undefined, except: undefined, payload: Buffer.alloc(0) },
  ])("comes back as it was: %#", (envelope) => {
    expect(readEnvelope(Buffer.concat(writeEnvelope(envelope)))).toEqual(envelope);
  });

  test("leaves out nobody where `except` is longer than any name", () => {
    const envelope = { id: undefined, except: "x".repeat(300), payload: "hi" };
    const read = readEnvelope(Buffer.concat(writeEnvelope(envelope)));
    expect(read).toEqual({ ...envelope, except: undefined });
  });

  test("is nothing where it ends too early, or says what nobody says", () => {
    const whole = Buffer.concat(writeEnvelope({ id: "one", except: "two", payload: "" }));
    for (let length = 0; length < whole.length; length += 1) {
      expect(readEnvelope(whole.subarray(0, length)), `${length} bytes`).toBeUndefined();
    }
    expect(readEnvelope(Buffer.of(8))).toBeUndefined();
    expect(readEnvelope(Buffer.of(255, 0, 0))).toBeUndefined();
  });
});
