import { describe, expect, it, onTestFinished } from "vitest";
import { connect, serve } from "sluice";
import { type Case, echo } from "../../compliance/case.ts";
import { examineClient, examineServer } from "../../compliance/examine.ts";
import { excerpt } from "../../compliance/payload.ts";

/** The longest message that the defaults allow: 65 536 frames that are full, and an empty one. */
const inMany: Case = echo("fragments", "joins 1 MiB from frames of 16 octets", [
  {
    do: "message",
    message: { opcode: 1, payload: excerpt("records", 0, 1024 * 1024), frameSize: 16 },
  },
]);

describe("a message of 65 537 fragments passes with the defaults (RFC 6455 §5.4)", () => {
  it("of a server", async () => {
    const server = await serve({
      port: 0,
      host: "127.0.0.1",
      websocket: (_scope, socket) => ({ text: (message) => socket.send(message) }),
    });
    onTestFinished(() => server.close({ timeout: 0 }));
    const verdict = await examineServer(inMany, new URL(server.webSocketUrl), { patience: 10 });
    expect(verdict.result, verdict.evidence).toBe("OK");
  });

  it("of a client", async () => {
    const onMessage = (message: string | Uint8Array, socket: { send(message: string): void }) =>
      socket.send(message as string);
    const verdict = await examineClient(inMany, (url) => connect(url, { onMessage }), {
      patience: 10,
    });
    expect(verdict.result, verdict.evidence).toBe("OK");
  });
});
