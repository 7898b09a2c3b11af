import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type EncryptionKey, Sealer } from "../../../src/layers/broker/sealer.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const body = (written: string): Uint8Array[] => [Buffer.from(written)];

function key(id: string): EncryptionKey {
  return { id, key: new Uint8Array(randomBytes(32)) };
}

describe("without encryption", () => {
  const plain = new Sealer(undefined);

  test("a body comes back as it was", () => {
    const opened = plain.open("groom", plain.seal("groom", [Buffer.from("a"), Buffer.from("b")]));
    expect(text(opened as Uint8Array)).toBe("ab");
  });

  test("what is not ours, or of another version, is known as such", () => {
    for (const data of [[], [0], [3, 1, 2], [255], [123, 125]]) {
      expect(plain.open("groom", Uint8Array.from(data))).toBe("version");
    }
  });

  test("what is sealed is not taken for a body", () => {
    const sealer = new Sealer({ keys: [key("one")] });
    expect(plain.open("groom", sealer.seal("groom", body("secret")))).toBe("key");
  });
});

describe("with encryption", () => {
  test("who has the key reads what another process wrote, and nobody sees it on its way", () => {
    const keys = [key("one")];
    const [writer, reader] = [new Sealer({ keys }), new Sealer({ keys })];
    for (const written of ["", "secret", "x".repeat(100_000)]) {
      const sealed = writer.seal("groom", body(written));
      expect(sealed.length).toBe(written.length + writer.overhead);
      if (written !== "") expect(text(sealed)).not.toContain(written);
      expect(text(reader.open("groom", sealed) as Uint8Array)).toBe(written);
    }
  });

  test("the same body is never sealed alike, by one process or by two", () => {
    const keys = [key("one")];
    const sealers = [new Sealer({ keys }), new Sealer({ keys })];
    const sealed = sealers.flatMap((sealer) =>
      [1, 2, 3].map(() => Buffer.from(sealer.seal("groom", body("same"))).toString("hex")),
    );
    expect(new Set(sealed).size).toBe(6);
  });

  test("what was altered anywhere, cut off, or moved to another place does not open", () => {
    const sealer = new Sealer({ keys: [key("one")] });
    const sealed = sealer.seal("groom", body("secret"));
    expect(sealer.open("gother room", sealed)).toBe("seal");
    for (let place = 0; place < sealed.length; place += 1) {
      const altered = Uint8Array.from(sealed);
      altered[place]! ^= 1;
      expect(typeof sealer.open("groom", altered), `byte ${place}`).toBe("string");
      expect(typeof sealer.open("groom", sealed.subarray(0, place)), `cut at ${place}`).toBe(
        "string",
      );
    }
  });

  test("nothing in the clear is believed", () => {
    const sealer = new Sealer({ keys: [key("one")] });
    expect(sealer.open("groom", new Sealer(undefined).seal("groom", body("forged")))).toBe("seal");
  });

  test("keys are changed one process after the other, and all read each other all the time", () => {
    const [old, fresh] = [key("2025"), key("2026")];
    const stages = [[old], [old, fresh], [fresh, old], [fresh]];
    for (let stage = 0; stage + 1 < stages.length; stage += 1) {
      const one = new Sealer({ keys: stages[stage]! });
      const two = new Sealer({ keys: stages[stage + 1]! });
      for (const [writer, reader] of [
        [one, two],
        [two, one],
      ] as const) {
        const opened = reader.open("groom", writer.seal("groom", body("secret")));
        expect(typeof opened).toBe("object");
      }
    }
    const before = new Sealer({ keys: [old] }).seal("groom", body("secret"));
    expect(new Sealer({ keys: [fresh] }).open("groom", before)).toBe("key");
  });

  test("a key of the same name that is another one does not open", () => {
    const sealed = new Sealer({ keys: [key("one")] }).seal("groom", body("secret"));
    expect(new Sealer({ keys: [key("one")] }).open("groom", sealed)).toBe("seal");
  });

  test("more writers than are remembered are read all the same", () => {
    const keys = [key("one")];
    const reader = new Sealer({ keys });
    const sealed = Array.from({ length: 1_100 }, () => new Sealer({ keys }).seal("a", body("hi")));
    for (const each of [...sealed, ...sealed.slice(0, 50)]) {
      expect(text(reader.open("a", each) as Uint8Array)).toBe("hi");
    }
  });

  test.each([
    [{ keys: [] }, "encryption.keys must be a list of 1 to 100 keys"],
    [{ keys: "secret" as never }, "encryption.keys must be a list of 1 to 100 keys"],
    [{ keys: [{ id: "", key: new Uint8Array(32) }] }, 'encryption.keys[0].id is ""'],
    [{ keys: [{ id: "a b", key: new Uint8Array(32) }] }, 'encryption.keys[0].id is "a b"'],
    [{ keys: [{ id: "a", key: new Uint8Array(16) }] }, "encryption.keys[0].key has 16 bytes"],
    [{ keys: [{ id: "a", key: "x" as never }] }, "encryption.keys[0].key is no Uint8Array"],
    [{ keys: [key("a"), key("a")] }, "encryption.keys[1].id is a a second time"],
  ])("keys that cannot be used are refused: %#", (options, message) => {
    expect(() => new Sealer(options)).toThrow(message);
  });
});
