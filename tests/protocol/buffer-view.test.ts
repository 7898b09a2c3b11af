import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { BufferView } from "../../src/protocol/buffer-view.ts";

const memory = Uint8Array.from([0, 104, 101, 108, 108, 111, 0]).buffer;
const view = (): Buffer => new BufferView(memory, 1, 5) as unknown as Buffer;

describe("a view over memory", () => {
  it("is a Buffer for whoever asks", () => {
    expect(Buffer.isBuffer(view())).toBe(true);
    expect(view()).toStrictEqual(Buffer.from("hello"));
    expect(inspect(view())).toBe("<Buffer 68 65 6c 6c 6f>");
    expect(view().equals(Buffer.from("hello"))).toBe(true);
  });

  it("has what a Buffer has", () => {
    expect(view().toString()).toBe("hello");
    expect(view().readUInt16BE(0)).toBe(0x6865);
    expect(JSON.stringify(view())).toBe(JSON.stringify(Buffer.from("hello")));
    expect(Buffer.concat([view(), view()]).toString("latin1")).toBe("hellohello");
  });

  it("gives Buffers of what is made of it", () => {
    expect(view().subarray(1, 3).toString()).toBe("el");
    expect(view().slice(1, 3).toString()).toBe("el");
    expect(Buffer.isBuffer(view().map((octet) => octet - 32))).toBe(true);
    expect(structuredClone(view())).toEqual(new Uint8Array(Buffer.from("hello")));
  });

  it("shares the memory", () => {
    const one = view();
    one[0] = 106;
    expect(view().toString()).toBe("jello");
    one[0] = 104;
  });
});
