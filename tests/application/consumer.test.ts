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
      expect(toApplication(application, "it")).toBe(application);
    }
  });

  test("a consumer class is made into one, which has its name", () => {
    class Chat extends WebSocketConsumer {}
    const application = toApplication(Chat, "it");
    expect(application).not.toBe(Chat);
    expect(application.name).toBe("Chat");
    expect(application.match).toBeUndefined();
  });

  test("a class that is no consumer is refused by its name", () => {
    class Plain {}
    const anonymous = [class {}][0];
    for (const [target, name] of [
      [Plain, 'route "/" was given the class Plain, which does not extend WebSocketConsumer'],
      [
        anonymous,
        'route "/" was given the class (anonymous), which does not extend WebSocketConsumer',
      ],
    ]) {
      expect(() => toApplication(target as unknown as ApplicationLike, 'route "/"')).toThrow(
        expect.objectContaining({ code: "ERR_NOT_A_CONSUMER", message: name }),
      );
    }
  });

  test("everything else is refused by its kind", () => {
    for (const [target, kind] of [
      [null, "null"],
      [undefined, "undefined"],
      [{}, "an object"],
      ["Chat", "a string"],
    ] as const) {
      expect(() => toApplication(target as unknown as ApplicationLike, 'route "/"')).toThrow(
        `route "/" was given ${kind}: it takes a consumer class, or an application`,
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
