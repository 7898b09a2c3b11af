import { type Application, WebSocketConsumer } from "sluice";
import { describe, expect, test } from "vitest";
import { type ApplicationLike, toApplication } from "../../src/application/consumer.ts";
import { communicator } from "../../src/testing/communicator.ts";

describe("wherever an application is taken", () => {
  test("a function is one as it is", () => {
    const arrow: Application = () => ({});
    function old() {
      return {};
    }
    for (const application of [arrow, old, old.bind(null), async () => ({})]) {
      expect(toApplication(application)).toBe(application);
    }
  });

  test("a consumer class is made into one, which has its name", () => {
    class Chat extends WebSocketConsumer {}
    const application = toApplication(Chat);
    expect(application).not.toBe(Chat);
    expect(application.name).toBe("Chat");
    expect(application.match).toBeUndefined();
  });

  test("a class that is no consumer is refused by its name", () => {
    class Plain {}
    const anonymous = [class {}][0];
    for (const [target, name] of [
      [Plain, "class Plain does not extend WebSocketConsumer"],
      [anonymous, "class (anonymous) does not extend WebSocketConsumer"],
    ]) {
      expect(() => toApplication(target as unknown as ApplicationLike)).toThrow(
        expect.objectContaining({ code: "ERR_NOT_A_CONSUMER", message: name }),
      );
    }
  });

  test("everything else is refused by its kind", () => {
    for (const [target, kind] of [
      [null, "null"],
      [undefined, "undefined"],
      [{}, "object"],
      ["Chat", "string"],
    ] as const) {
      expect(() => toApplication(target as unknown as ApplicationLike)).toThrow(
        `${kind} is neither an application nor a consumer class`,
      );
    }
  });

  test("a consumer class with a reserved method is refused before anybody connects", () => {
    class Cheeky extends WebSocketConsumer {
      "sluice.shutdown"() {}
    }
    expect(() => communicator(Cheeky)).toThrow(expect.objectContaining({ code: "ERR_EVENT_TYPE" }));
  });
});
