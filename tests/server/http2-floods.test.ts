import { describe, expect, test } from "vitest";
import { RawPeer } from "sluice/testing";
import { Http2Client } from "./http2-client.ts";
import { start } from "./start.ts";

/** RFC 9113 §3.4: the preface, and a SETTINGS frame without any. */
const beginning = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1"),
  frame(0x4, 0, 0),
]);

/** RFC 9113 §7. */
const enhanceYourCalm = 0xb;

describe("a client that floods a session (RFC 9113 §10.5)", () => {
  test("with streams that it opens and resets is soon not listened to; others notice nothing", async () => {
    let requests = 0;
    const server = await start({
      http2: true,
      http: (_request, response) => {
        requests++;
        response.end();
      },
    });
    const other = await (await Http2Client.connect(server.url)).open();
    const peer = await RawPeer.connect(server.port);
    await peer.write(beginning);
    // GET, http, / and an :authority (RFC 7541 §6).
    const head = Buffer.of(0x82, 0x86, 0x84, 0x41, 0x01, 0x61);
    const pairs = Array.from({ length: 3_000 }, (_, at) => [
      frame(0x1, 0x5, at * 2 + 1, head),
      frame(0x3, 0, at * 2 + 1, Buffer.of(0, 0, 0, 8)),
    ]);
    await peer.write(Buffer.concat(pairs.flat()));
    expect(await nextOf(0x7, peer)).toBeDefined();
    other.send(1, "unharmed");
    expect(String((await other.frame()).payload)).toBe("unharmed");
    expect(requests).toBeLessThan(1_500);
    peer.socket.destroy();
  }, 20_000);

  test.each([
    ["pings", frame(0x6, 0, 0, Buffer.alloc(8))],
    ["settings", frame(0x4, 0, 0)],
  ])("with %s, and reads no answer, is hung up on", async (_what, flood) => {
    const server = await start({ http2: true });
    const peer = await RawPeer.connect(server.port);
    const gone = new Promise((resolve) => peer.socket.once("close", resolve));
    await peer.write(beginning);
    peer.socket.pause();
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => flood));
    for (let round = 0; round < 2_000 && !peer.socket.destroyed; round++) {
      if (peer.socket.write(many)) continue;
      const drained = new Promise((resolve) => peer.socket.once("drain", resolve));
      await Promise.race([drained, gone]);
    }
    await gone;
  });

  test("with too many lines of headers loses that stream", async () => {
    const server = await start({ http2: true });
    const client = await Http2Client.connect(server.url);
    const lines = Array.from({ length: 300 }, (_, at) => [`x-${at}`, "a"]);
    const refused = client.begin(Object.fromEntries(lines));
    expect(await refused.closed).toBe(enhanceYourCalm);
    expect((await client.open()).status).toBe(200);
  });

  test("with too many bytes of headers gets 431, for a WebSocket and for a page", async () => {
    const server = await start({ http2: true });
    const client = await Http2Client.connect(server.url);
    const headers = { "x-a": "a".repeat(9_000), "x-b": "b".repeat(9_000) };
    expect((await client.ask(headers)).status).toBe(431);
    expect((await client.fetch(headers)).status).toBe(431);
    expect((await client.open()).status).toBe(200);
  });
});

/** RFC 9113 §4.1. */
function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** The payload of the next frame of a type. */
async function nextOf(type: number, peer: RawPeer): Promise<Buffer> {
  for (let frames = 0; frames < 10_000; frames++) {
    const header = await peer.take(9);
    const payload = await peer.take(header.readUIntBE(0, 3));
    if (header[3] === type) return payload;
  }
  throw new Error("there was no such frame");
}
