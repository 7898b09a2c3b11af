import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { Case } from "./case.ts";
import { cases } from "./cases.ts";
import { examineClient, examineServer } from "./examine.ts";
import { tally } from "./suite.ts";
import type { Verdict } from "./verdict.ts";

/**
 * The control: `ws` is known to do everything right but to notice invalid text late, at the end of
 * the message. A tester that did not see that would see nothing in us either.
 */
const known = { OK: 240, "NON-STRICT": 4, INFORMATIONAL: 3 };
const late = ["6.4.1", "6.4.2", "6.4.3", "6.4.4"];

vi.setConfig({ testTimeout: 60_000 });

describe("the tester sees how `ws` differs", () => {
  it("as a server", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    server.on("connection", echo);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const verdicts = await all((given) => examineServer(given, port));
    server.close();
    expect(tally(verdicts), evidence(verdicts)).toEqual(known);
    expect(nonStrict(verdicts)).toEqual(late);
  });

  it("as a client", async () => {
    const verdicts = await all((given) =>
      examineClient(given, (port) => echo(new WebSocket(`ws://127.0.0.1:${port}`))),
    );
    expect(tally(verdicts), evidence(verdicts)).toEqual(known);
    expect(nonStrict(verdicts)).toEqual(late);
  });
});

function echo(socket: WebSocket): void {
  socket.on("message", (data: Buffer, binary) => socket.send(data, { binary }));
  socket.on("error", () => {});
}

function all(examine: (given: Case) => Promise<Verdict>): Promise<Verdict[]> {
  return Promise.all(cases.map(examine));
}

function nonStrict(verdicts: readonly Verdict[]): string[] {
  return verdicts.filter(({ result }) => result === "NON-STRICT").map(({ id }) => id);
}

function evidence(verdicts: readonly Verdict[]): string {
  const bad = verdicts.filter(({ result }) => result !== "OK" && result !== "INFORMATIONAL");
  return bad.map((verdict) => verdict.evidence).join("\n\n");
}
