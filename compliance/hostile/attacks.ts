import { setImmediate as turn } from "node:timers/promises";
import { constants, deflateRawSync } from "node:zlib";
import { type Assailant, request } from "./assailant.ts";

/** One way to harm a server. */
export interface Attack {
  readonly name: string;
  /** How many connections take part. */
  readonly crowd: number;
  /** The path that they ask for; none: they connect by TCP, and no more. */
  readonly path?: "/" | "/slow/" | "/sink/" | "/room/";
  /** The extensions that they offer. */
  readonly offers?: string;
  /** Whether they read what comes meanwhile. */
  readonly reads?: boolean;
  /** What each of them does; `index` says which one it is. */
  act(assailant: Assailant, index: number): Promise<void>;
}

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, ping: 0x9, pong: 0xa } as const;

interface FrameOptions {
  readonly fin?: boolean;
  /** Whether the message is compressed. */
  readonly compressed?: boolean;
  /** The length that the header tells, whatever the payload is. */
  readonly length?: number;
}

/** A frame as a client sends it, masked with zeros. */
function frame(
  opcode: keyof typeof opcodes,
  payload: Uint8Array = Buffer.alloc(0),
  { fin = true, compressed = false, length = payload.length }: FrameOptions = {},
): Buffer {
  const first = (fin ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcodes[opcode];
  const mask = Buffer.alloc(4);
  if (length < 126) return Buffer.concat([Buffer.of(first, 0x80 | length), mask, payload]);
  const header = Buffer.alloc(length < 65_536 ? 4 : 10);
  header[0] = first;
  header[1] = length < 65_536 ? 0xfe : 0xff;
  if (length < 65_536) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, mask, payload]);
}

/** So many copies. */
function repeat(bytes: Uint8Array, times: number): Buffer {
  return Buffer.alloc(bytes.length * times, bytes);
}

/** What inflates to so many zeros: about a thousandth of them. */
function bomb(size: number): Buffer {
  const finishFlush = constants.Z_SYNC_FLUSH;
  return deflateRawSync(Buffer.alloc(size), { finishFlush }).subarray(0, -4);
}

const unfinished = { fin: false };
const one = Buffer.from("x");
const deflate = "permessage-deflate";
const full = Buffer.alloc(125, "x");

/** All of them. `ws` refuses more than 131 072 fragments: what stays below that is the worse for it. */
export const attacks: readonly Attack[] = [
  {
    name: "fragments of 1 byte, no end",
    crowd: 50,
    path: "/",
    async act(assailant) {
      await assailant.flood(frame("binary", one, unfinished), 1);
      await assailant.flood(repeat(frame("continuation", one, unfinished), 1_000), 131);
    },
  },
  {
    name: "fragments of 0 bytes, no end",
    crowd: 50,
    path: "/",
    async act(assailant) {
      await assailant.flood(frame("binary", one, unfinished), 1);
      await assailant.flood(repeat(frame("continuation", undefined, unfinished), 1_000), 131);
    },
  },
  {
    name: "fragments of 1 byte, over the limit",
    crowd: 1,
    path: "/",
    async act(assailant) {
      await assailant.flood(frame("binary", one, unfinished), 1);
      await assailant.flood(repeat(frame("continuation", one, unfinished), 1_000), 1_100);
      await assailant.await();
    },
  },
  {
    name: "pings, and reads no pong",
    crowd: 5,
    path: "/",
    act: (assailant) => assailant.flood(repeat(frame("ping", full), 100), 1_000),
  },
  {
    name: "empty pings, and reads no pong",
    crowd: 5,
    path: "/",
    act: (assailant) => assailant.flood(repeat(frame("ping"), 1_000), 300),
  },
  {
    name: "pings, and reads the pongs",
    crowd: 5,
    path: "/",
    reads: true,
    act: (assailant) => assailant.flood(repeat(frame("ping", full), 100), 1_000),
  },
  {
    name: "pongs that nobody asked for",
    crowd: 5,
    path: "/",
    act: (assailant) => assailant.flood(repeat(frame("pong"), 1_000), 300),
  },
  {
    name: "1 MB told, 1 KB sent, then silence",
    crowd: 1_000,
    path: "/",
    async act(assailant) {
      const told = frame("binary", Buffer.alloc(kibibyte), { length: 1_000_000 });
      await assailant.flood(told, 1);
      await assailant.await();
    },
  },
  {
    name: "half a header, then silence",
    crowd: 1_000,
    path: "/",
    async act(assailant) {
      await assailant.flood(Buffer.of(0x82), 1);
      await assailant.await();
    },
  },
  {
    name: "a length of 2^40",
    crowd: 1_000,
    path: "/",
    async act(assailant) {
      await assailant.flood(frame("binary", undefined, { length: 2 ** 40 }), 1);
      await assailant.await();
    },
  },
  {
    name: "fragments of 64 KiB, no end",
    crowd: 50,
    path: "/",
    async act(assailant) {
      const part = Buffer.alloc(64 * kibibyte);
      await assailant.flood(frame("binary", part, unfinished), 1);
      await assailant.flood(frame("continuation", part, unfinished), 160);
      await assailant.await();
    },
  },
  {
    name: "a megabyte less a byte, then silence",
    crowd: 200,
    path: "/",
    async act(assailant) {
      const most = Buffer.alloc(mebibyte - 1);
      await assailant.flood(frame("binary", most, { length: mebibyte }), 1);
      await assailant.await();
    },
  },
  {
    name: "packets of 1 byte",
    crowd: 10,
    path: "/",
    reads: true,
    async act(assailant) {
      const bytes = frame("binary", Buffer.alloc(8 * kibibyte));
      for (let i = 0; i < bytes.length; i++) {
        await assailant.flood(bytes.subarray(i, i + 1), 1);
        await turn();
      }
    },
  },
  {
    name: "messages of 1 byte, reads the answers",
    crowd: 50,
    path: "/",
    reads: true,
    act: (assailant) => assailant.flood(repeat(frame("binary", one), 1_000), 50),
  },
  {
    name: "messages of 1 byte, reads no answer",
    crowd: 50,
    path: "/",
    act: (assailant) => assailant.flood(repeat(frame("binary", one), 1_000), 1_000),
  },
  {
    name: "messages of 16 KiB, reads no answer",
    crowd: 50,
    path: "/",
    act: (assailant) => assailant.flood(frame("binary", Buffer.alloc(16 * kibibyte)), 1_000),
  },
  {
    name: "messages of 1 MiB, reads no answer",
    crowd: 200,
    path: "/",
    act: (assailant) => assailant.flood(frame("binary", Buffer.alloc(mebibyte)), 8),
  },
  {
    name: "messages of 1 byte for a slow application",
    crowd: 50,
    path: "/slow/",
    act: (assailant) => assailant.flood(repeat(frame("text", one), 1_000), 100),
  },
  {
    name: "messages of 64 KiB for a slow application",
    crowd: 100,
    path: "/slow/",
    act: (assailant) => assailant.flood(frame("binary", Buffer.alloc(64 * kibibyte)), 100),
  },
  {
    name: "messages of 1 byte of one to a room of 500",
    crowd: 500,
    path: "/room/",
    reads: true,
    async act(assailant, index) {
      const { bytesRead } = assailant.socket;
      if (index === 0) await assailant.flood(repeat(frame("text", one), 1_000), 1);
      // Three bytes for each message: all of them, to all of them.
      await assailant.hear(bytesRead + 3_000);
    },
  },
  {
    name: "a bomb of 64 MiB",
    crowd: 20,
    path: "/sink/",
    offers: deflate,
    async act(assailant) {
      await assailant.flood(frame("binary", bomb(64 * mebibyte), { compressed: true }), 1);
      await assailant.await();
    },
  },
  {
    name: "a bomb of 64 MiB in fragments of 16 bytes",
    crowd: 20,
    path: "/sink/",
    offers: deflate,
    async act(assailant) {
      const bytes = bomb(64 * mebibyte);
      const frames: Buffer[] = [frame("binary", undefined, { fin: false, compressed: true })];
      for (let start = 0; start < bytes.length; start += 16) {
        const fin = start + 16 >= bytes.length;
        frames.push(frame("continuation", bytes.subarray(start, start + 16), { fin }));
      }
      await assailant.flood(Buffer.concat(frames), 1);
      await assailant.await();
    },
  },
  {
    name: "bombs of 1 MiB, which is allowed",
    crowd: 50,
    path: "/sink/",
    offers: deflate,
    async act(assailant) {
      await assailant.flood(frame("binary", bomb(mebibyte), { compressed: true }), 20);
      await assailant.flood(frame("binary", one), 1);
    },
  },
  {
    name: "opening handshakes, all at once",
    crowd: 500,
    async act(assailant) {
      await assailant.flood(Buffer.from(request("/")), 1);
    },
  },
];
