import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";

/** What the page makes of one frame. */
interface Parts {
  readonly fin: number;
  readonly rsv: number;
  readonly opcode: number;
  readonly isMasked: boolean;
  readonly form: number;
  readonly length: number;
  readonly payload: Uint8Array;
}

interface OctetStream {
  push(offset: number, octets: Uint8Array): void;
}

type Listener = { head(lines: string[]): void; frame(parts: Parts): void };

// The page's own script, which needs no page.
const script = pathToFileURL("examples/tutorial/public/octet-stream.js").href;
const { OctetStream } = (await import(script)) as {
  OctetStream: new (on: Listener) => OctetStream;
};

const head = Buffer.from("GET /wire/ HTTP/1.1\r\nHost: here\r\n\r\n", "latin1");
const key = [0x37, 0xfa, 0x21, 0x3d];
const masked = (text: string) => Buffer.from(text).map((octet, index) => octet ^ key[index % 4]!);
const frames = [
  // RFC 6455 §5.7 has the first four.
  Buffer.from([0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]),
  Buffer.from([0x81, 0x85, ...key, ...masked("Hello")]),
  Buffer.from([0x01, 0x03, 0x48, 0x65, 0x6c]),
  Buffer.from([0x80, 0x02, 0x6c, 0x6f]),
  Buffer.from([0x89, 0x00]),
  Buffer.concat([Buffer.from([0x82, 126, 0x00, 0x80]), Buffer.alloc(128, 7)]),
  Buffer.concat([Buffer.from([0xc2, 127, 0, 0, 0, 0, 0, 1, 0, 0]), Buffer.alloc(65_536, 7)]),
  Buffer.from([0x88, 0x82, ...key, ...[0x03, 0xe8].map((octet, index) => octet ^ key[index]!)]),
];

describe("octets of a connection, taken apart (RFC 6455 §5.2)", () => {
  test.each([1, 3, 1000, 100_000])("are the same frames, %i at a time", (size) => {
    const heads: string[][] = [];
    const found: Parts[] = [];
    const stream = new OctetStream({
      head: (lines) => heads.push(lines),
      frame: (parts) => found.push(parts),
    });
    // What comes one octet at a time is copied each time: the long frame only comes in larger pieces.
    const octets = Buffer.concat([head, ...(size < 1000 ? frames.slice(0, 6) : frames)]);
    for (let offset = 0; offset < octets.length; offset += size) {
      stream.push(offset, octets.subarray(offset, offset + size));
    }

    expect(heads).toEqual([["GET /wire/ HTTP/1.1", "Host: here"]]);
    const told = found.map(({ fin, rsv, opcode, isMasked, form, length }) =>
      [fin, rsv, opcode, isMasked, form, length].join(" "),
    );
    const expected = [
      "1 0 1 false 7 5",
      "1 0 1 true 7 5",
      "0 0 1 false 7 3",
      "1 0 0 false 7 2",
      "1 0 9 false 7 0",
      "1 0 2 false 16 128",
      "1 4 2 false 64 65536",
      "1 0 8 true 7 2",
    ];
    expect(told).toEqual(size < 1000 ? expected.slice(0, 6) : expected);
    expect(Buffer.from(found[1]?.payload ?? []).toString()).toBe("Hello");
    if (size >= 1000) expect([...(found[7]?.payload ?? [])]).toEqual([0x03, 0xe8]);
  });

  test("are nothing any more behind a hole", () => {
    const found: Parts[] = [];
    const stream = new OctetStream({ head: () => {}, frame: (parts) => found.push(parts) });
    stream.push(0, head);
    stream.push(head.length + 1, frames[0]!);
    expect(found).toEqual([]);
  });
});
