import { expect, test } from "vitest";
import { systemClock } from "../../src/internal/clock.ts";

/** The timers that keep this process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}

test("a timer keeps the process alive until it is lifted, but not one in the background", () => {
  const before = timers();
  const lifts = [
    systemClock.after(60_000, () => {}, true),
    systemClock.after(60_000, () => {}),
    systemClock.after(60_000, () => {}, false),
  ];
  expect(timers()).toBe(before + 2);
  for (const lift of lifts) lift();
  expect(timers()).toBe(before);
});
