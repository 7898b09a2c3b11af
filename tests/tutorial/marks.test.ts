import { expect, test } from "vitest";
import { Marks } from "../../examples/tutorial/marks.ts";

test("who is new begins fifty messages back, however many members have noted them", () => {
  const marks = new Marks();
  expect(marks.of("room.a")).toBeUndefined();
  for (let position = 1; position <= 120; position += 1) {
    for (let member = 0; member < 3; member += 1) marks.note("room.a", `${position}`);
  }
  expect(marks.of("room.a")).toBe("71");
  expect(marks.of("room.b")).toBeUndefined();
});

test("a history that was lost is forgotten, and of a thousand groups the oldest gives way", () => {
  const marks = new Marks();
  for (let group = 0; group <= 1000; group += 1) marks.note(`room.${group}`, "1");
  expect([marks.of("room.0"), marks.of("room.1")]).toEqual([undefined, "1"]);

  marks.forget("room.1");
  expect(marks.of("room.1")).toBeUndefined();
});
