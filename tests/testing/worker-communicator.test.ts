import { type LayerMessage, memoryLayer } from "sluice";
import { workerCommunicator } from "sluice/testing";
import { expect, test } from "vitest";

const made: unknown[] = [];
const handlers = {
  "shop.make": async ({ id }: LayerMessage) => {
    if (id === "bad") throw new Error("as told");
    made.push(id);
  },
  "shop.note": ({ id }: LayerMessage): void => void made.push(id),
};

test("a worker communicator sends to a worker and hears what is done", async () => {
  const jobs = workerCommunicator(handlers);
  await jobs.send({ type: "shop.make", id: 7 });
  expect(await jobs.handled()).toEqual({ type: "shop.make", id: 7 });
  await jobs.send({ type: "shop.note", id: 8 });
  expect(await jobs.handled()).toMatchObject({ id: 8 });
  expect(made).toEqual([7, 8]);
  await jobs.stop();
  await jobs.send({ type: "shop.make", id: 9 });
  await expect(jobs.handled(20)).rejects.toMatchObject({ code: "ERR_TEST_TIMEOUT" });
});

test("a worker communicator re-raises what a handler throws, in its turn", async () => {
  const layer = memoryLayer();
  const jobs = workerCommunicator(handlers, { layer, channel: "all" });
  await layer.send("all", { type: "shop.make", id: "bad" });
  await jobs.send({ type: "shop.make", id: 1 });
  await jobs.send({ type: "shop.steal" });
  await expect(jobs.handled()).rejects.toThrow("as told");
  expect(await jobs.handled()).toMatchObject({ id: 1 });
  await expect(jobs.handled()).rejects.toMatchObject({ code: "ERR_EVENT_NOT_HANDLED" });
});
