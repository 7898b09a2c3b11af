import { describe, expect, test } from "vitest";
import { EventTable } from "../../src/application/event-table.ts";

class Base {
  "base.method"() {
    return "base";
  }
}

class Chat extends Base {
  "chat.text"() {
    return "chat";
  }
  "chat.notice"() {
    return "chat";
  }
  plain() {}
}

class Room extends Chat {
  override "chat.text"() {
    return "room";
  }
  "room.opened"() {
    return "room";
  }
}

/** The types that reach a class, each with what its method returns. */
function reached(consumerClass: typeof Base) {
  const table = EventTable.of(consumerClass, Base.prototype);
  const entries = [...table.types].map((type) => [
    type,
    table.find(type)?.call({}, { type: "a.b" }, {}),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

describe("the event table of a class", () => {
  test("has its own methods with a dot in their name and those of its ancestors, up to the base", () => {
    expect(reached(Chat)).toEqual({ "chat.text": "chat", "chat.notice": "chat" });
    expect(reached(Room)).toEqual({
      "chat.text": "room",
      "chat.notice": "chat",
      "room.opened": "room",
    });
    expect(reached(Base)).toEqual({});
  });

  test("has nothing else: no plain method, no getter, no field, no static and no symbol", () => {
    let looked = false;
    class Odd extends Base {
      static "odd.static"() {}
      get "odd.getter"() {
        looked = true;
        return () => {};
      }
      set "odd.setter"(_: unknown) {}
      "odd.field" = () => {};
      [Symbol.for("odd.symbol")]() {}
      #private() {
        return this.#private;
      }
      plain() {
        return this.#private();
      }
    }
    Object.defineProperty(Odd.prototype, "odd.value", { value: "not a method" });
    expect(reached(Odd)).toEqual({});
    expect(looked).toBe(false);
  });

  test("knows none of the names that every object has", () => {
    const table = EventTable.of(Room, Base.prototype);
    for (const type of ["constructor", "__proto__", "toString", "hasOwnProperty", "plain", ""]) {
      expect(table.find(type)).toBeUndefined();
    }
  });

  test("finds a method whatever stands around the dot", () => {
    class Dotted extends Base {
      "."() {}
      ".a"() {}
      "a."() {}
      "a.b.c"() {}
      "é.😀"() {}
    }
    expect(Object.keys(reached(Dotted))).toEqual([".", ".a", "a.", "a.b.c", "é.😀"]);
  });

  test("may not have the reserved prefix, and the error names the class and the method", () => {
    class Cheeky extends Base {
      "sluice.shutdown"() {}
    }
    expect(() => EventTable.of(Cheeky, Base.prototype)).toThrow(
      expect.objectContaining({
        code: "ERR_EVENT_TYPE",
        message: 'Cheeky has a method "sluice.shutdown": the prefix "sluice." is reserved',
      }),
    );
    class Harmless extends Base {
      "sluices.opened"() {}
    }
    expect(Object.keys(reached(Harmless))).toEqual(["sluices.opened"]);
  });

  test("is made once for each class: what is added to it later is not reached", () => {
    class Late extends Base {}
    const table = EventTable.of(Late, Base.prototype);
    Object.defineProperty(Late.prototype, "late.method", { value: () => {} });
    expect(EventTable.of(Late, Base.prototype)).toBe(table);
    expect([...table.types]).toEqual([]);
    class Later extends Late {}
    expect(EventTable.of(Later, Base.prototype)).not.toBe(table);
  });
});
