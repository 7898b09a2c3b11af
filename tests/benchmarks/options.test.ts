import { describe, expect, it } from "vitest";
import { type Options, readOptions } from "../../benchmarks/options.ts";

const names = { rows: ["echo-32", "chat"], curves: ["size"], rivals: ["sluice", "ws", "bun"] };
const read = (...parameters: string[]): Options => readOptions(parameters, names);

describe("npm run bench", () => {
  it("measures all rows in five rounds", () => {
    expect(read()).toMatchObject({
      command: "measure",
      chosen: [],
      rivals: [],
      rounds: 5,
      quick: false,
    });
  });

  it("measures the rows that are named, with the rivals that are named", () => {
    const options = read(
      "echo-32",
      "chat",
      "--rounds",
      "9",
      "--rivals",
      "ws,bun",
      "--seconds",
      "0.5",
      "--warm-up",
      "0.8",
    );
    expect(options).toMatchObject({
      chosen: ["echo-32", "chat"],
      rivals: ["ws", "bun"],
      rounds: 9,
      duration: 500,
      warmUp: 800,
    });
  });

  it("measures the curves, or those that are named", () => {
    expect(read("scaling")).toMatchObject({ command: "scaling", chosen: [] });
    expect(read("scaling", "size")).toMatchObject({ command: "scaling", chosen: ["size"] });
  });

  it("takes everybody for --rivals all", () => {
    expect(read("--rivals", "all").rivals).toEqual(names.rivals);
  });

  it("only looks with --quick, and says so", () => {
    const { quick, rounds, duration } = read("--quick");
    expect({ quick, rounds, duration }).toEqual({ quick: true, rounds: 3, duration: 250 });
  });

  it.each([
    [["--list"], "list"],
    [["--install"], "install"],
    [["--write-docs"], "write-docs"],
    [["--help"], "help"],
  ] as const)("understands %s", (parameters, command) => {
    expect(read(...parameters).command).toBe(command);
  });

  it.each([
    [["echo"], "there is no row echo; there are echo-32, chat"],
    [["--rivals", "uws"], "there is no rival uws"],
    [["--rounds", "0"], "rounds is 0"],
    [["--rounds", "2.5"], "whole number"],
    [["--seconds", "long"], "seconds is long"],
    [["scaling", "chat"], "there is no curve chat; there are size"],
    [["--fast"], "--fast"],
  ] as const)("refuses %s, and says why", (parameters, why) => {
    expect(() => read(...parameters)).toThrow(why);
  });
});
