import { memoryLayer } from "sluice";
import { expect, test } from "vitest";
import { Deployments } from "../../examples/tutorial/deployments.ts";
import { ManualClock } from "./manual-clock.ts";

test("a thousand deployments that nobody watches are remembered, and no more", () => {
  const clock = new ManualClock();
  const deployments = new Deployments(memoryLayer(), clock);
  const leave = (taskId: string) => deployments.watch(taskId).stop();
  const linesOf = (taskId: string) => {
    const watch = deployments.watch(taskId);
    const { length } = watch.lines;
    watch.stop();
    return length;
  };

  const watch = deployments.watch("0");
  clock.advance(400);
  watch.stop();
  for (let task = 1; task < 1000; task += 1) leave(String(task));
  expect(linesOf("0")).toBe(2);

  for (let task = 1000; task < 2000; task += 1) leave(String(task));
  expect(linesOf("0")).toBe(1);
});

test("what is watched is never forgotten", () => {
  const clock = new ManualClock();
  const deployments = new Deployments(memoryLayer(), clock);
  const watch = deployments.watch("0");
  clock.advance(400);

  for (let task = 1; task <= 2000; task += 1) deployments.watch(String(task)).stop();

  expect(watch.lines).toHaveLength(2);
  const second = deployments.watch("0");
  expect(second.lines).toEqual(watch.lines);
});
