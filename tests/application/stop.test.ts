import { WebSocketConsumer } from "sluice";
import { describe, expect, test } from "vitest";
import { Rig, settle } from "./rig.ts";

/** Stops where it is told to. */
class Stopping extends WebSocketConsumer {
  readonly #where: string;
  readonly #lines: string[];

  constructor(where: string, lines: string[]) {
    super();
    this.#where = where;
    this.#lines = lines;
  }
  override connect() {
    this.#deep("connect");
  }
  override async receive() {
    await settle();
    this.#deep("receive");
  }
  override receiveBytes() {
    this.#deep("receiveBytes");
  }
  override disconnect() {
    this.#deep("disconnect");
  }
  #deep(here: string): void {
    this.#lines.push(here);
    if (this.#where === here && here === "receiveBytes") this.stop(4000, "enough");
    if (this.#where === here) this.stop();
    this.#lines.push(`after ${here}`);
  }
}

function start(where: string) {
  const lines: string[] = [];
  const rig = new Rig(Stopping.toApplication(where, lines));
  rig.instance.start();
  return { rig, lines };
}

describe("stop", () => {
  test("leaves the method, closes with 1000 and is no error", async () => {
    const { rig, lines } = start("receive");
    rig.instance.onText("1");
    rig.instance.onText("waits, and is not handled any more");
    await settle();
    await settle();
    rig.instance.onEnd(1000, "");
    expect(lines.splice(0)).toEqual([
      "connect",
      "after connect",
      "receive",
      "disconnect",
      "after disconnect",
    ]);
    expect(rig.link.lines).toContain("close 1000");
    expect([rig.reports, rig.finished]).toEqual([[], 1]);
  });

  test("closes with another code if it is given one", () => {
    const { rig, lines } = start("receiveBytes");
    rig.instance.onBytes(new Uint8Array());
    expect(lines.at(-1)).toBe("receiveBytes");
    expect(rig.link.lines.at(-1)).toBe("close 4000 enough");
  });

  test("refuses with 403 in connect, after which disconnect runs", () => {
    const { rig, lines } = start("connect");
    expect(rig.link.lines).toEqual(["reject 403"]);
    expect(lines).toEqual(["connect", "disconnect", "after disconnect"]);
    expect([rig.reports, rig.finished]).toEqual([[], 1]);
  });

  test("in disconnect is the end of it", () => {
    const { rig, lines } = start("disconnect");
    rig.instance.onEnd(1001, "");
    expect(lines.at(-1)).toBe("disconnect");
    expect([rig.reports, rig.finished]).toEqual([[], 1]);
  });
});
