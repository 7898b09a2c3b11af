import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { Case } from "../../compliance/case.ts";
import { cases } from "../../compliance/cases.ts";
import type { Agreement, Bounds } from "../../compliance/compression.ts";
import { Deflater, Inflater } from "../../compliance/deflate.ts";
import { examineServer } from "../../compliance/examine.ts";
import { FrameReader, writeFrame } from "../../compliance/frame.ts";
import { openAsServer } from "../../compliance/opening.ts";
import type { Verdict } from "../../compliance/verdict.ts";

const wide: Bounds = { noContextTakeover: false, windowBits: 15 };
const narrow: Bounds = { noContextTakeover: false, windowBits: 9 };
const alone: Bounds = { noContextTakeover: true, windowBits: 15 };

describe.concurrent("the tester of compression (RFC 7692)", () => {
  it("is content with a server that keeps to what it agreed on", async () => {
    const verdict = await examine("13.5.4", ({ tester }) => compressed(tester));
    expect(verdict).toMatchObject({ result: "OK", agreed: true });
    expect(verdict.traffic).toMatchObject({ messages: 20, compressed: 20, octets: 20_480 });
    expect(verdict.traffic.sent).toBeLessThan(20_480);
  });

  it("is content with one that compresses nothing, and tells", async () => {
    const verdict = await examine("13.5.4", () => (message) => frame({ payload: message }));
    expect(verdict).toMatchObject({ result: "OK", agreed: true, traffic: { compressed: 0 } });
  });

  it("finds it FAILED to take context over in spite of the agreement", async () => {
    const verdict = await examine("13.2.4", () => compressed(wide));
    expect(verdict).toMatchObject({ result: "FAILED" });
    expect(verdict.reason).toContain("too far back");
  });

  it("finds it FAILED to refer back beyond the window", async () => {
    const verdict = await examine("13.3.6", () => compressed(wide));
    expect(verdict).toMatchObject({ result: "FAILED" });
    expect(verdict.reason).toMatch(/refers \d+ octets back, with 9 window bits/);
  });

  it("finds it OK to keep to less than was agreed on", async () => {
    expect(await examine("13.1.6", () => compressed(narrow))).toMatchObject({ result: "OK" });
    expect(await examine("13.1.6", () => compressed(alone))).toMatchObject({ result: "OK" });
  });

  it("finds another message than its own FAILED", async () => {
    const verdict = await examine("12.4.4", ({ tester }) => {
      const write = compressed(tester);
      return (message, i) => write(i === 7 ? Buffer.alloc(1024, "?") : message, i);
    });
    expect(verdict).toMatchObject({ result: "FAILED" });
    expect(verdict.reason).toContain("echo 8 differs");
  });

  it("finds a longer message FAILED, and does not unfold it", async () => {
    const verdict = await examine("12.4.4", ({ tester }) => {
      const write = compressed(tester);
      return () => write(Buffer.alloc(50 * 1024 * 1024), 0);
    });
    expect(verdict).toMatchObject({ result: "FAILED", traffic: { messages: 0 } });
  });

  it.each([
    ["RSV1 in a continuation", [frame({ rsv: 4, fin: false }), frame({ opcode: 0, rsv: 4 })]],
    ["RSV1 in a control frame", [frame({ opcode: 9, rsv: 4 })]],
    ["RSV2", [frame({ rsv: 2 })]],
    ["RSV1 and RSV3", [frame({ rsv: 5 })]],
    ["a compressed message that is no DEFLATE", [frame({ rsv: 4, payload: Buffer.of(7, 7, 7) })]],
  ])("finds %s FAILED", async (_what, octets) => {
    const verdict = await examine("12.4.4", () => () => Buffer.concat(octets));
    expect(verdict).toMatchObject({ result: "FAILED" });
    expect(verdict.evidence).toContain("violation");
  });

  it("finds who does not compress UNIMPLEMENTED", async () => {
    const verdict = await examine("12.1.1", undefined);
    expect(verdict).toMatchObject({ result: "UNIMPLEMENTED", ending: "OK", agreed: false });
  });

  it("finds it FAILED not to answer, once its time is over", async () => {
    const verdict = await examine("12.4.1", () => () => Buffer.alloc(0), 500);
    expect(verdict).toMatchObject({ result: "FAILED", stuck: true });
  });
});

/** What a server makes of a message that it was sent. */
type Echo = (message: Buffer, index: number) => Buffer;

/** Runs a case against a server that does what `prepare` says, or that knows of no compression. */
async function examine(
  id: string,
  prepare: ((agreement: Agreement) => Echo) | undefined,
  limit = 20_000,
): Promise<Verdict> {
  const given = cases.find((each) => each.id === id) as Case;
  const server = createServer((socket) => void answer(socket, given, prepare));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const verdict = await examineServer(given, url, { patience: 0.5, volume: 20 * 1024, limit });
  server.close();
  return verdict;
}

async function answer(
  socket: Socket,
  given: Case,
  prepare: ((agreement: Agreement) => Echo) | undefined,
): Promise<void> {
  socket.on("error", () => {});
  const agreement = await openAsServer(socket, prepare && given.compression);
  const reader = new FrameReader(true, agreement !== undefined);
  const inflater = agreement && new Inflater(agreement.peer);
  const echo = agreement && prepare?.(agreement);
  let count = 0;
  socket.on("data", (chunk) => {
    for (const { opcode, payload } of reader.read(chunk)) {
      if (opcode === 8) socket.end(frame({ opcode: 8, payload }));
      else if (inflater && echo) socket.write(echo(inflater.inflate(payload, 1e6), count++));
    }
  });
  socket.resume();
}

function compressed(bounds: Bounds): Echo {
  const deflater = new Deflater(bounds);
  return (message) => frame({ rsv: 4, payload: deflater.deflate(message) as Buffer });
}

function frame({
  opcode = 1,
  fin = true,
  rsv = 0,
  payload = Buffer.alloc(0),
}: Partial<Parameters<typeof writeFrame>[0]>): Buffer {
  return writeFrame({ opcode, fin, rsv, payload });
}
