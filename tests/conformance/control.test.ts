import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { Case } from "../../compliance/case.ts";
import { cases } from "../../compliance/cases.ts";
import { examineClient, examineServer } from "../../compliance/examine.ts";
import { runAll } from "../../compliance/run.ts";
import type { Verdict } from "../../compliance/verdict.ts";
import { options, tally } from "./suite.ts";

/**
 * The control: `ws` is known to do everything right but to notice invalid text late, at the end of
 * the message, and to take no more than 16 384 fragments. A tester that did not see that would see
 * nothing in us either. Of the many cases of compression, some will do.
 */
const chosen = cases.filter(({ compression }, i) => !compression || i % 11 === 0);
const known = { OK: chosen.length - 11, "NON-STRICT": 4, INFORMATIONAL: 3, FAILED: 4 };
const late = ["6.4.1", "6.4.2", "6.4.3", "6.4.4"];
const inManyFragments = ["9.3.1", "9.3.2", "9.4.1", "9.4.2"];

vi.setConfig({ testTimeout: 300_000 });

describe("the tester sees how `ws` differs", () => {
  it("as a server", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
    server.on("connection", echo);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const url = new URL(`ws://127.0.0.1:${port}/`);
    const verdicts = await all((given) => examineServer(given, url, options));
    server.close();
    expect(tally(verdicts), evidence(verdicts)).toEqual(known);
    expect(having(verdicts, "NON-STRICT")).toEqual(late);
    expect(having(verdicts, "FAILED")).toEqual(inManyFragments);
  });

  it("as a client", async () => {
    const verdicts = await all((given) =>
      examineClient(given, (url) => echo(new WebSocket(url)), options),
    );
    expect(tally(verdicts), evidence(verdicts)).toEqual(known);
    expect(having(verdicts, "NON-STRICT")).toEqual(late);
    expect(having(verdicts, "FAILED")).toEqual(inManyFragments);
  });
});

function echo(socket: WebSocket): void {
  socket.on("message", (data: Buffer, binary) => socket.send(data, { binary }));
  socket.on("error", () => {});
}

function all(examine: (given: Case) => Promise<Verdict>): Promise<Verdict[]> {
  return runAll(chosen, examine, () => {});
}

function having(verdicts: readonly Verdict[], result: Verdict["result"]): string[] {
  return verdicts.filter((verdict) => verdict.result === result).map(({ id }) => id);
}

function evidence(verdicts: readonly Verdict[]): string {
  const bad = verdicts.filter(({ result }) => result !== "OK" && result !== "INFORMATIONAL");
  return bad
    .map((verdict) => `${verdict.result} ${verdict.reason}\n${verdict.evidence}`)
    .join("\n\n");
}
