import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as undici from "undici";
import { describe, expect, it } from "vitest";
import * as ws from "ws";
import { conversation } from "../../fuzz/differential/conversation.ts";
import {
  type Disagreement,
  parting,
  withUndici,
  withWs,
} from "../../fuzz/differential/disagreements.ts";
import { type Reading, readWithSluice, readWithWs } from "../../fuzz/differential/readers.ts";
import {
  asWebSocket,
  readWithWebSocket,
  talkingServer,
  type WebSocketClass,
} from "../../fuzz/differential/web-sockets.ts";

/** How often each disagreement occurred. */
const occurred = new Map<Disagreement, number>();

/** The seeds of conversations about whose reading two disagree for no reason that has a name. */
class Comparison {
  readonly unexplained: string[] = [];
  readonly #known: readonly Disagreement[];

  constructor(known: readonly Disagreement[]) {
    this.#known = known;
  }

  compare(seed: number, ours: Reading, theirs: Reading): void {
    const parted = parting(ours, theirs);
    if (parted === undefined) return;
    const known = this.#known.find((each) => each.explains(...parted));
    if (known !== undefined) occurred.set(known, (occurred.get(known) ?? 0) + 1);
    else this.unexplained.push(`seed ${seed}: ${JSON.stringify(parted)}`);
  }
}

describe("what a peer sends", () => {
  it("is read by sluice as by the receiver of npm's ws, or the difference has a name", async () => {
    const comparison = new Comparison(withWs);
    const limit = 400;
    const said = new Set<string>();
    for (let seed = 0; seed < 3000; seed++) {
      const talk = conversation(seed, ["server", "client"]);
      const ours = readWithSluice(talk, limit);
      comparison.compare(seed, ours, await readWithWs(talk, limit));
      for (const call of ours) said.add(/^fail \d+|^\w+/.exec(call)?.[0] ?? call);
    }
    expect(comparison.unexplained).toEqual([]);
    const everything = [
      "bytes",
      "close",
      "fail 1002",
      "fail 1007",
      "fail 1009",
      "ping",
      "pong",
      "text",
    ];
    expect([...said].sort()).toEqual(everything);
  });

  it.each<[string, WebSocketClass, readonly Disagreement[]]>([
    ["npm's ws", ws.WebSocket as unknown as WebSocketClass, withWs],
    ["undici, which is that of Node.js", undici.WebSocket as unknown as WebSocketClass, withUndici],
  ])("is read by sluice as by the WebSocket of %s, likewise", async (_, WebSocket, known) => {
    const comparison = new Comparison(known);
    const server = await talkingServer();
    for (let seed = 0; seed < 500; seed++) {
      const talk = conversation(seed, ["client"]);
      // Nothing was negotiated here.
      if (talk.compressed) continue;
      const ours = asWebSocket(readWithSluice(talk, 2 ** 20));
      comparison.compare(seed, ours, await readWithWebSocket(WebSocket, server, seed));
    }
    server.close();
    expect(comparison.unexplained).toEqual([]);
  });

  it("leads to each of the differences that have a name", () => {
    const missing = [...withWs, ...withUndici].filter((each) => !occurred.has(each));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});

describe("a difference", () => {
  it("has its reason in disagreements.md", () => {
    const page = readFileSync(join(import.meta.dirname, "../../fuzz/disagreements.md"), "utf8");
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([...withWs, ...withUndici].map(({ name }) => name));
  });

  it("without a name is noticed", () => {
    const comparison = new Comparison(withWs);
    comparison.compare(1, ["text a", "close 1000 "], ["text a", "close 1001 "]);
    comparison.compare(2, ["text a"], ["text a", "text b"]);
    comparison.compare(3, ["text a", "fail 1009 ERR_MESSAGE_TOO_BIG"], ["text a", "fail 1002"]);
    comparison.compare(4, ["text a", "fail 1009 ERR_MESSAGE_TOO_BIG"], ["text a", "fail 1009"]);
    expect(comparison.unexplained.map((each) => each.split(":")[0])).toEqual([
      "seed 1",
      "seed 2",
      "seed 3",
    ]);
  });
});
