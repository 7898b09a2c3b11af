import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Tutorial } from "./tutorial.ts";

const tap = "t".repeat(22);

/** Puts together what a watcher was told of one side, and checks that nothing is missing in it. */
function side(messages: readonly Buffer[], from: 0 | 1): Buffer {
  const pieces = messages.filter((message) => message[0] === from);
  let count = 0;
  for (const piece of pieces) {
    expect(piece.readDoubleBE(1)).toBe(count);
    count += piece.length - 9;
  }
  return Buffer.concat(pieces.map((piece) => piece.subarray(9)));
}

describe("/wire/", () => {
  test("every octet of the connection comes to its watcher, of both sides, from the first on", async () => {
    const tutorial = await Tutorial.start();
    const watcher = await tutorial.open(`/wire/watch/?tap=${tap}`);
    const client = await tutorial.open(`/wire/?tap=${tap}`);
    const texts = ["hello", "a".repeat(126), "b".repeat(65_536)];
    for (const text of texts) client.send(text);
    expect(await client.texts(3)).toEqual(texts);
    await client.close();

    const octets: Buffer[] = [];
    // 2 + 4 octets end the client's side: a close frame without a code, and 2 the server's.
    const isWhole = () => side(octets, 0).at(-6) === 0x88 && side(octets, 1).at(-2) === 0x88;
    for (let taken = 0; !isWhole() && taken < 1000; taken += 1)
      octets.push(...(await watcher.data(1)));

    const [asked, answered] = [side(octets, 0), side(octets, 1)];
    const key = /^Sec-WebSocket-Key: (.+)\r$/im.exec(asked.toString("latin1"))?.[1] ?? "";
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    expect(asked.toString("latin1")).toMatch(/^GET \/wire\/\?tap=t{22} HTTP\/1\.1\r\n/);
    expect(answered.toString("latin1")).toContain(
      `Sec-WebSocket-Accept: ${accept.digest("base64")}\r\n`,
    );
    const frames = answered.subarray(answered.indexOf("\r\n\r\n") + 4);
    expect(frames.subarray(0, 7)).toEqual(Buffer.from("\x81\x05hello", "latin1"));
    expect(frames.subarray(7, 11)).toEqual(Buffer.from([0x81, 126, 0, 126]));
    expect(frames.subarray(137, 147)).toEqual(Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]));
    const first = asked.subarray(asked.indexOf("\r\n\r\n") + 4);
    expect(first.subarray(0, 2)).toEqual(Buffer.from([0x81, 0x85]));
    const unmasked = first.subarray(6, 11).map((octet, index) => octet ^ first[2 + (index % 4)]!);
    expect(Buffer.from(unmasked).toString()).toBe("hello");
  });

  test("who does not ask is not overheard, and who asks for another hears nothing", async () => {
    const tutorial = await Tutorial.start();
    const watcher = await tutorial.open(`/wire/watch/?tap=${tap}`);
    const other = await tutorial.open("/wire/watch/?tap=other");
    for (const path of ["/wire/", "/wire/?tap=short", "/echo/", `/wire/?tap=${"u".repeat(22)}`]) {
      const client = await tutorial.open(path);
      client.send("hello");
      await client.take(1);
      await client.close();
    }
    const client = await tutorial.open(`/wire/?tap=${tap}`);
    expect((await watcher.data(1))[0]?.toString("latin1")).toContain("GET /wire/?tap=ttt");
    expect(other.waiting).toBe(0);
    await client.close();
  });
});
