import { type Channel, type ChannelLayer, memoryLayer } from "sluice";
import { describe, expect, test, vi } from "vitest";
import { script } from "../../examples/tutorial/script.ts";
import { Tutorial } from "./tutorial.ts";

const pace = 400;
const whole = 60_000;

describe("/deploy/online/<digits>/", () => {
  test("whoever opens a task hears its first line at once and the others one by one", async () => {
    const tutorial = await Tutorial.start();
    const viewer = await tutorial.open("/deploy/online/7/");
    const lines = script("7");

    expect(await viewer.texts(1)).toEqual(lines.slice(0, 1));
    tutorial.clock.advance(pace);
    expect(await viewer.texts(1)).toEqual(lines.slice(1, 2));
    tutorial.clock.advance(whole);
    expect(await viewer.texts(lines.length - 2)).toEqual(lines.slice(2));
    expect(tutorial.clock.timers).toBe(0);
  });

  test("a late viewer gets the lines so far and then the same run, without gap or duplicate", async () => {
    const tutorial = await Tutorial.start();
    const early = await tutorial.open("/deploy/online/7/");
    tutorial.clock.advance(3 * pace);
    const late = await tutorial.open("/deploy/online/7/");
    const lines = script("7");

    expect(await late.texts(4)).toEqual(lines.slice(0, 4));
    expect(tutorial.clock.timers).toBe(1);
    tutorial.clock.advance(whole);

    expect(await early.texts(lines.length)).toEqual(lines);
    expect(await late.texts(lines.length - 4)).toEqual(lines.slice(4));
    expect([early.waiting, late.waiting]).toEqual([0, 0]);
  });

  test("a finished deployment is told again from its kept lines", async () => {
    const tutorial = await Tutorial.start();
    const first = await tutorial.open("/deploy/online/7/");
    tutorial.clock.advance(whole);
    await first.texts(script("7").length);
    await first.close();

    const later = await tutorial.open("/deploy/online/7/");

    expect(await later.texts(script("7").length)).toEqual(script("7"));
  });

  test("a deployment waits while nobody watches and goes on where it was", async () => {
    const tutorial = await Tutorial.start();
    const first = await tutorial.open("/deploy/online/7/");
    await first.close();
    await vi.waitFor(() => expect(tutorial.clock.timers).toBe(0));
    tutorial.clock.advance(whole);

    const next = await tutorial.open("/deploy/online/7/");

    expect(await next.texts(1)).toEqual(script("7").slice(0, 1));
    tutorial.clock.advance(pace);
    expect(await next.texts(1)).toEqual(script("7").slice(1, 2));
    expect(next.waiting).toBe(0);
  });

  test("tasks do not mix: 7 and 007 are two", async () => {
    const tutorial = await Tutorial.start();
    const tasks = ["7", "007", "8"];
    const viewers = await Promise.all(
      tasks.map((task) => tutorial.open(`/deploy/online/${task}/`)),
    );
    tutorial.clock.advance(whole);

    for (const [index, task] of tasks.entries()) {
      const lines = script(task);
      expect(await viewers[index]?.texts(lines.length)).toEqual(lines);
      expect(viewers[index]?.waiting).toBe(0);
    }
  });

  test.each(["before", "after"] as const)(
    "a line that is said while a viewer joins, %s it is on the list, comes exactly once",
    async (moment) => {
      const gate = latch();
      const asked = latch();
      const layer = slowToJoin(memoryLayer(), moment, asked.open, gate.opened);
      const tutorial = await Tutorial.start(layer);
      const opening = tutorial.open("/deploy/online/7/");
      await asked.opened;

      tutorial.clock.advance(2 * pace);
      gate.open();

      const viewer = await opening;
      expect(await viewer.texts(3)).toEqual(script("7").slice(0, 3));
      tutorial.clock.advance(pace);
      expect(await viewer.texts(1)).toEqual(script("7").slice(3, 4));
      expect(viewer.waiting).toBe(0);
    },
  );

  test("a task has digits: anything else is not found", async () => {
    const tutorial = await Tutorial.start();
    const wrong = ["abc", "7a", "-7", "7.0", "٧", "", "7/8", "1".repeat(21)];

    for (const task of wrong) {
      expect(await tutorial.refused(`/deploy/online/${task}/`), task).toBe(404);
    }
    expect(await tutorial.refused("/deploy/online/7")).toBe(404);
    expect(await tutorial.refused("/x2/")).toBe(404);
  });
});

/** A door that opens once. */
function latch(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** A layer that says when somebody joins, and holds them up before or after they are on the list. */
function slowToJoin(
  layer: ChannelLayer,
  moment: "before" | "after",
  asked: () => void,
  gate: Promise<void>,
): ChannelLayer {
  const join = async (group: string, channel: Channel) => {
    if (moment === "before") {
      asked();
      await gate;
      return layer.join(group, channel);
    }
    const joined = await layer.join(group, channel);
    asked();
    await gate;
    return joined;
  };
  return new Proxy(layer, {
    get(target, name) {
      if (name === "join") return join;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
