import { expect, it } from "vitest";
import { coresIn, onCore } from "../../benchmarks/placement.ts";

it("reads lists of cores as Linux writes them", () => {
  expect(coresIn("0-2,5,7-8")).toEqual([0, 1, 2, 5, 7, 8]);
  expect(coresIn("3")).toEqual([3]);
  expect(coresIn("")).toEqual([]);
});

it("runs a command on a core, or wherever there is room", () => {
  expect(onCore(1, "node", ["x"])).toEqual(["taskset", ["--cpu-list", "1", "node", "x"]]);
  expect(onCore(undefined, "node", ["x"])).toEqual(["node", ["x"]]);
});
