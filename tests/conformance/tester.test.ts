import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import type { Case } from "../../compliance/case.ts";
import { cases } from "../../compliance/cases.ts";
import { examineConnection, examineServer } from "../../compliance/examine.ts";
import { type Frame, writeFrame } from "../../compliance/frame.ts";
import { openAsClient, openAsServer } from "../../compliance/opening.ts";
import type { Verdict } from "../../compliance/verdict.ts";

const key = Buffer.of(1, 2, 3, 4);
const drop = Symbol("drop TCP");
/** What a peer does about one thing that it hears. */
type Answer = readonly (Buffer | typeof drop)[];

describe.concurrent("the tester", () => {
  it("is content with a peer that echoes and closes", async () => {
    const verdict = await examine("1.1.1", [text("")], [close(1000), drop]);
    expect(verdict).toMatchObject({ result: "OK", answers: "OK", ending: "OK" });
  });

  it("finds a different answer FAILED", async () => {
    const verdict = await examine("1.1.1", [text("?")], [close(1001), drop]);
    expect(verdict).toMatchObject({ result: "FAILED", answers: "FAILED" });
  });

  it("finds an answer too many FAILED", async () => {
    const verdict = await examine("1.1.1", [text(""), text("")], [close(1000), drop]);
    expect(verdict).toMatchObject({ result: "FAILED", answers: "FAILED", ending: "OK" });
  });

  it("finds silence FAILED", async () => {
    const verdict = await examine("2.1");
    expect(verdict).toMatchObject({ result: "FAILED", answers: "FAILED", ending: "UNCLEAN" });
  });

  it("finds it NON-STRICT to fail before an answer is out", async () => {
    const verdict = await examine("3.2", [close(1002), drop]);
    expect(verdict).toMatchObject({ result: "NON-STRICT", answers: "NON-STRICT", ending: "OK" });
  });

  it("has no opinion where the RFC has none", async () => {
    const verdict = await examine("7.13.1", [close(1002), drop]);
    expect(verdict).toMatchObject({ result: "INFORMATIONAL", ending: "OK" });
  });

  it("finds it FAILED when the wrong side closes", async () => {
    const patient = await examine("2.5", [], [close(1001), drop]);
    expect(patient).toMatchObject({ result: "FAILED", answers: "OK", ending: "FAILED" });
    const hasty = await examine("1.1.1", [close(1000), drop]);
    expect(hasty).toMatchObject({ result: "FAILED", ending: "FAILED" });
  });

  it("finds it UNCLEAN when TCP ends without a close frame", async () => {
    const verdict = await examine("1.1.1", [text("")], [drop]);
    expect(verdict).toMatchObject({ result: "UNCLEAN", answers: "OK" });
  });

  it("finds another code a WRONG CODE, which FAILS a case about codes", async () => {
    const verdict = await examine("1.1.1", [text("")], [close(1001), drop]);
    expect(verdict).toMatchObject({ result: "WRONG CODE", answers: "OK" });
    const aboutCodes = await examine("7.3.3", [close(1001), drop]);
    expect(aboutCodes).toMatchObject({ result: "FAILED", ending: "WRONG CODE" });
  });

  it("finds it FAILED BY CLIENT when a server does not drop TCP", async () => {
    const verdict = await examine("1.1.1", [text("")], [close(1000)]);
    expect(verdict).toMatchObject({ result: "FAILED BY CLIENT", answers: "OK" });
  });

  it.each([
    ["a masked frame", writeFrame({ opcode: 1, fin: true, rsv: 0, payload: Buffer.of() }, key)],
    ["a reserved bit", frame({ rsv: 4 })],
    ["a reserved opcode", frame({ opcode: 3 })],
    ["a fragmented pong", frame({ opcode: 10, fin: false })],
    ["a continuation of nothing", frame({ opcode: 0 })],
    ["a message inside a message", Buffer.concat([frame({ fin: false }), frame({})])],
    ["a length in a longer form than it needs", Buffer.of(0x81, 126, 0, 0)],
    ["text that is no UTF-8", frame({ payload: Buffer.of(0xff) })],
    ["a message after its close frame", Buffer.concat([close(1000), text("")])],
  ])("finds %s FAILED", async (_what, octets) => {
    const verdict = await examine("1.1.1", [octets, drop]);
    expect(verdict).toMatchObject({ result: "FAILED", answers: "FAILED" });
    expect(verdict.evidence).toContain("violation");
  });

  it("finds it FAILED when the opening handshake is refused", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 404 Not Found\r\n\r\n"));
    expect(await against(server, "1.1.1")).toMatchObject({ result: "FAILED", ending: "FAILED" });
  });

  it("finds a client UNCLEAN that ignores a bad close frame", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [socket] = (await once(server, "connection")) as [Socket];
    const verdict = examineConnection(find("7.9.1"), socket, { patience: 0.5 });
    await openAsClient(client);
    client.resume();
    expect(await verdict).toMatchObject({ result: "UNCLEAN", answers: "OK" });
    server.close();
  });
});

/** Runs a case against a server that has an answer ready for each thing that it hears. */
function examine(id: string, ...answers: readonly Answer[]): Promise<Verdict> {
  return against(
    createServer((socket) => void answerWith(socket, answers)),
    id,
  );
}

async function answerWith(socket: Socket, answers: readonly Answer[]): Promise<void> {
  await openAsServer(socket);
  const next = answers.values();
  socket.on("error", () => {});
  socket.on("data", () => {
    for (const octets of next.next().value ?? []) {
      if (octets === drop) socket.end();
      else socket.write(octets);
    }
  });
  socket.resume();
}

async function against(server: Server, id: string): Promise<Verdict> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const verdict = await examineServer(find(id), url, { patience: 0.5 });
  server.close();
  return verdict;
}

function find(id: string): Case {
  return cases.find((each) => each.id === id) as Case;
}

function frame(parts: Partial<Frame>): Buffer {
  return writeFrame({ opcode: 1, fin: true, rsv: 0, payload: Buffer.alloc(0), ...parts });
}

function text(payload: string): Buffer {
  return frame({ payload: Buffer.from(payload) });
}

function close(code: number): Buffer {
  return frame({ opcode: 8, payload: Buffer.of(code >> 8, code & 255) });
}
