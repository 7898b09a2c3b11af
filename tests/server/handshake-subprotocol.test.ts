import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { type Application, attach } from "sluice";
import { RawPeer } from "sluice/testing";
import { Journal } from "./journal.ts";
import { refusal, request, status } from "./request.ts";
import { echo, listen, start } from "./start.ts";

/** Chooses a subprotocol that it was not asked about. */
const choosing =
  (subprotocol: string): Application =>
  (_scope, socket) => ({ open: () => socket.accept({ subprotocol }) });

const offering = (...values: string[]) => request({ "Sec-WebSocket-Protocol": values });

describe("the subprotocols that a client offers (RFC 6455 §4.2.1 item 8)", () => {
  it("may be two hundred, in their order", async () => {
    const names = Array.from({ length: 200 }, (_, at) => `protocol-${at}`);
    let offered: readonly string[] = [];
    const websocket: Application = (scope, socket) => {
      offered = scope.subprotocols;
      return { open: () => socket.accept({ subprotocol: offered.at(-1)! }) };
    };
    const { port } = await start({ websocket });
    const peer = await RawPeer.connect(port);
    await peer.write(offering(names.join(", ")));

    const { status: code, headers } = await peer.response();
    expect(code).toBe(101);
    expect(headers.get("sec-websocket-protocol")).toBe("protocol-199");
    expect(offered).toEqual(names);
    peer.socket.destroy();
  });

  it("may come in several lines, which are one list", async () => {
    const { port } = await start({ websocket: choosing("c") });
    expect(await status(port, offering("a, b", "c"))).toBe(101);
  });

  it.each([
    ["a name twice", ["a, b, a"]],
    ["a name twice, in two lines", ["a", "a"]],
    ["no name", [""]],
    ["nothing but commas", [", ,"]],
    ["a name with a space", ["a b"]],
    ["a name with a slash", ["a/b"]],
    ["a name in quotes", ['"a"']],
    ["a name with an equals sign", ["a=b"]],
    ["a name outside ASCII", ["\u00e9"]],
  ])("are refused with 400, if they hold %s", async (_, values) => {
    const { port } = await start();
    expect((await refusal(port, offering(...values))).status).toBe(400);
  });

  it.each([
    ["between two names", (spaces: string) => `a,${spaces}b`],
    ["behind a name", (spaces: string) => `a${spaces}`],
    ["inside a name", (spaces: string) => `a${spaces}b`],
    ["with a comma behind each", (spaces: string) => spaces.replaceAll("  ", " ,")],
  ])("are read in under 50 ms with 64 KB of spaces %s", async (_, value) => {
    const server = createServer({ maxHeaderSize: 128 * 1024 });
    attach(server, { websocket: echo });
    const port = await listen(server);
    const bytes = offering(value(" ".repeat(64 * 1024)));

    let quickest = Number.POSITIVE_INFINITY;
    // The machine may be busy with something else now and then, but not five times.
    for (let attempt = 0; attempt < 5; attempt++) {
      const begun = performance.now();
      expect([101, 400]).toContain(await status(port, bytes));
      quickest = Math.min(quickest, performance.now() - begun);
    }
    expect(quickest).toBeLessThan(50);
  });
});

describe("the subprotocol that an application chooses (RFC 6455 §4.2.2 item 5.5)", () => {
  it("is none, as long as it chooses none", async () => {
    const { port } = await start();
    const peer = await RawPeer.connect(port);
    await peer.write(offering("a, b"));
    const { status: code, headers } = await peer.response();
    expect([code, headers.has("sec-websocket-protocol")]).toEqual([101, false]);
    peer.socket.destroy();
  });

  it.each([
    ["was not offered", "superchat", ["chat"]],
    ["was offered in other letters", "Chat", ["chat"]],
    ["answers no offer", "chat", []],
    ["would forge a header", "chat\r\nSet-Cookie: a=b", ["chat"]],
    ["is empty", "", ["chat"]],
  ])("%s: 500, an error in the log, and not a byte of it on the wire", async (_, name, offered) => {
    const log = new Journal();
    const { port } = await start({ websocket: choosing(name), log });
    const answer = await refusal(port, offering(...offered));

    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/protocol|cookie|chat/i);
    expect(answer.body).not.toMatch(/chat/i);
    expect(log.messages("error")).toEqual(["handler failed in connect"]);
    expect(log.fields("error")).toMatchObject([{ error: { code: "ERR_SUBPROTOCOL" } }]);
  });
});
