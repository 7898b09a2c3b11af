import { describe, expect, it } from "vitest";
import { nearestName } from "../../src/internal/nearest-name.ts";
import { checkOptionNames } from "../../src/internal/option-names.ts";

describe("the name that was probably meant", () => {
  it.each([
    ["treshold", "threshold"],
    ["thresholds", "threshold"],
    ["htreshold", "threshold"],
    ["THRESHOLD", "threshold"],
    ["max_message-size", "maxMessageSize"],
    ["maxMesageSiz", "maxMessageSize"],
    ["prot", "port"],
  ])("of %s is %s", (given, meant) => {
    expect(nearestName(given, ["port", "threshold", "maxMessageSize"])).toBe(meant);
  });

  it.each(["", "p", "host", "path", "messages"])("of %s is none: nothing is near", (given) => {
    expect(nearestName(given, ["port", "threshold", "maxMessageSize"])).toBeUndefined();
  });

  it("is the nearest of several", () => {
    expect(nearestName("drops", ["drip", "drop", "crop"])).toBe("drop");
  });
});

describe("options", () => {
  const check = (given: unknown) => () => checkOptionNames("it", given, ["one", "two"]);

  it("of known names pass, whatever they are", () => {
    for (const given of [{}, { one: undefined }, { two: null, one: 1 }]) {
      expect(check(given)).not.toThrow();
    }
  });

  it.each([undefined, null, 7, "one", () => ({}), class Options {}])("are no %s", (given) => {
    expect(check(given)).toThrow("it takes an object of options, it({ … }), not");
  });

  it("of an unknown name are refused, also where it was inherited", () => {
    expect(check({ tow: 1 })).toThrow(
      'it has no option "tow"; did you mean "two"? It has one, two',
    );
    expect(check(Object.create({ three: 1 }))).toThrow('it has no option "three"; it has one, two');
  });
});
