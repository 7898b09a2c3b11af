import { describe, expect, it } from "vitest";
import { notice } from "../../src/internal/noticed-promise.ts";

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("a promise that fails", () => {
  it("is told of when nobody waits for it, and ends no process", async () => {
    const heard: unknown[] = [];
    void notice(Promise.reject(new Error("lost")), (error) => heard.push(error));
    await settle();
    expect(heard).toEqual([new Error("lost")]);
  });

  it.each([
    ["awaited", async (promise: Promise<unknown>) => void (await promise)],
    ["returned", (promise: Promise<unknown>) => promise],
    ["one of several", (promise: Promise<unknown>) => Promise.all([promise, Promise.resolve()])],
    [
      "caught",
      (promise: Promise<unknown>) => promise.catch((error: Error) => Promise.reject(error)),
    ],
  ])("is left to whoever waits for it: %s", async (_how, wait) => {
    const heard: unknown[] = [];
    const failing = notice(Promise.reject(new Error("lost")), (error) => heard.push(error));
    await expect(wait(failing)).rejects.toBeTruthy();
    await settle();
    expect(heard).toEqual([]);
  });
});

it("a promise that succeeds is handed on", async () => {
  expect(await notice(Promise.resolve(7), () => expect.unreachable())).toBe(7);
});
