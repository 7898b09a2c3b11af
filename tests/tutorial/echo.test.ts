import { describe, expect, test } from "vitest";
import { Tutorial } from "./tutorial.ts";

describe("/echo/", () => {
  test("every message is answered, text or binary, and only its sender hears of it", async () => {
    const tutorial = await Tutorial.start();
    const [ann, bo] = await Promise.all([tutorial.open("/echo/"), tutorial.open("/echo/")]);

    ann.send("在吗?");
    ann.send(new Uint8Array([1, 2, 3]));
    ann.send("");

    expect(await ann.take(3)).toEqual(Array(3).fill({ text: "收到了", binary: false }));
    bo.send("me too");
    expect(await bo.texts(1)).toEqual(["收到了"]);
    expect(bo.waiting).toBe(0);
  });
});
