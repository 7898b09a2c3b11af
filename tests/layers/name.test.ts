import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChannelLayerError } from "../../src/errors.ts";
import {
  anonymousPrefix,
  checkFixedName,
  checkName,
  maxNameLength,
} from "../../src/layers/name.ts";

function refusal(call: () => void): ChannelLayerError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ChannelLayerError);
    expect(error).toMatchObject({ code: "ERR_LAYER_NAME", temporary: false });
    return error as ChannelLayerError;
  }
  return expect.fail("the name was taken");
}

describe("the name of a channel or group", () => {
  test("may be any well-formed Unicode of 1 to 200 bytes, whatever it means elsewhere", () => {
    const names = ["a", "*", ">", " ", "a b", "{}", "a\r\nb", "\0", "a:b", "__proto__", "👩‍👩‍👧‍👦"];
    for (const name of names) checkName("group", name);
  });

  test("is counted in bytes of UTF-8, and 200 of them still fit", () => {
    checkName("group", "x".repeat(200));
    checkName("group", "é".repeat(100));
    checkName("channel", "😀".repeat(50));
    refusal(() => checkName("group", "x".repeat(201)));
    refusal(() => checkName("group", "é".repeat(100) + "x"));
    refusal(() => checkName("channel", "😀".repeat(50) + "x"));
    refusal(() => checkName("channel", "日".repeat(67)));
  });

  test("that is too long is refused with its length and the limit", () => {
    const { message } = refusal(() => checkName("group", "é".repeat(150)));
    expect(message).toBe("group name of 300 bytes exceeds the limit of 200");
  });

  test("that is empty is refused", () => {
    expect(refusal(() => checkName("channel", "")).message).toBe("channel name is empty");
  });

  test("that is no string is refused with its type", () => {
    expect(refusal(() => checkName("group", 7)).message).toContain("number");
    for (const name of [undefined, null, {}, ["a"], Symbol("a")]) {
      refusal(() => checkName("group", name));
    }
  });

  test("with half a surrogate pair is refused: two such names would be one in UTF-8", () => {
    for (const name of ["\ud800", "a\udc00", "\udc00\ud800", "\ud83d😀"]) {
      refusal(() => checkName("group", name));
    }
    expect(refusal(() => checkName("group", "\ud800")).message).toContain('"\\ud800"');
  });

  test("is taken exactly when it is well-formed and within its bytes", () => {
    const names = fc.string({ unit: "binary", maxLength: 230 });
    fc.assert(
      fc.property(names, (name) => {
        const bytes = Buffer.from(name);
        const usable =
          bytes.length >= 1 && bytes.length <= maxNameLength && bytes.toString() === name;
        if (usable) checkName("group", name);
        else refusal(() => checkName("group", name));
      }),
    );
  });
});

describe("the fixed name of a channel", () => {
  test("may not begin like the names that layers make", () => {
    checkName("channel", `${anonymousPrefix}abc.1`);
    checkFixedName("sluice");
    checkFixedName("work.sluice.");
    const { message } = refusal(() => checkFixedName(`${anonymousPrefix}abc.1`));
    expect(message).toContain('"sluice.abc.1"');
  });
});
