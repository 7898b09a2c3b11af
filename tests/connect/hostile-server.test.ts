import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { type ConnectOptions, connect, ProtocolError } from "sluice";
import { FakeClock } from "sluice/testing";
import { type Frame, FrameReader, writeFrame } from "../../compliance/frame.ts";
import { type Asked, rawServer, switching, writing } from "./raw-server.ts";

/** A frame of a server's, with whatever is to be wrong about it. */
function frame(opcode: number, payload: string | Uint8Array = "", wrong: Partial<Frame> = {}) {
  return writeFrame({ opcode, fin: true, rsv: 0, payload: Buffer.from(payload), ...wrong });
}

const [continuation, text, binary, close, ping, pong] = [0x0, 0x1, 0x2, 0x8, 0x9, 0xa];
const reserved = [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf];
const begin = { fin: false };

/** What is wrong, with which code the client closes, which error it names, and the octets. */
const breaches: [what: string, closeCode: number, code: string, octets: Uint8Array][] = [
  ["masks (§5.1)", 1002, "ERR_FRAME_MASK", Buffer.of(0x81, 0x81, 1, 2, 3, 4, 0x60)],
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv): (typeof breaches)[number] => [
    `sets the reserved bits ${rsv} (§5.2)`,
    1002,
    "ERR_FRAME_RSV",
    frame(text, "x", { rsv }),
  ]),
  ["sets a reserved bit on a ping", 1002, "ERR_FRAME_RSV", frame(ping, "", { rsv: 4 })],
  ...reserved.map((opcode): (typeof breaches)[number] => [
    `uses the reserved opcode ${opcode} (§5.2)`,
    1002,
    "ERR_FRAME_OPCODE",
    // The header's first octets are enough.
    frame(opcode).subarray(0, 1),
  ]),
  ["encodes 5 in 16 bits (§5.2)", 1002, "ERR_FRAME_LENGTH", Buffer.from("827e0005", "hex")],
  [
    "encodes 5 in 64 bits (§5.2)",
    1002,
    "ERR_FRAME_LENGTH",
    Buffer.from("827f0000000000000005", "hex"),
  ],
  [
    "sets the highest bit of a length (§5.2)",
    1002,
    "ERR_FRAME_LENGTH",
    Buffer.from("827f8000000000000000", "hex"),
  ],
  [
    "announces 2^63-1 bytes",
    1009,
    "ERR_MESSAGE_TOO_BIG",
    Buffer.from("827f7fffffffffffffff", "hex"),
  ],
  [
    "announces one byte more than the limit",
    1009,
    "ERR_MESSAGE_TOO_BIG",
    Buffer.from("827f0000000000100001", "hex"),
  ],
  [
    "exceeds the limit with all fragments together",
    1009,
    "ERR_MESSAGE_TOO_BIG",
    Buffer.concat([
      frame(binary, Buffer.alloc(1024 * 1024), begin),
      frame(continuation, "x", begin),
    ]),
  ],
  ["continues nothing (§5.4)", 1002, "ERR_FRAME_CONTINUATION", frame(continuation, "x")],
  [
    "begins a message in another (§5.4)",
    1002,
    "ERR_FRAME_CONTINUATION",
    Buffer.concat([frame(text, "x", begin), frame(text, "y")]),
  ],
  ["fragments a ping (§5.5)", 1002, "ERR_FRAME_CONTROL", frame(ping, "", begin)],
  ["pings with 126 bytes (§5.5)", 1002, "ERR_FRAME_CONTROL", frame(ping, "x".repeat(126))],
  ["sends an overlong form (§8.1)", 1007, "ERR_TEXT_UTF8", frame(text, Buffer.of(0xc0, 0x80))],
  [
    "sends a surrogate (§8.1)",
    1007,
    "ERR_TEXT_UTF8",
    frame(text, Buffer.of(0xed, 0xa0, 0x80), begin),
  ],
  ["cuts a character off (§8.1)", 1007, "ERR_TEXT_UTF8", frame(text, Buffer.of(0xe4, 0xb8))],
  ["closes with one octet (§5.5.1)", 1002, "ERR_CLOSE_FRAME", frame(close, "x")],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map(
    (code): (typeof breaches)[number] => [
      `closes with ${code} (§7.4)`,
      1002,
      "ERR_CLOSE_FRAME",
      frame(close, Buffer.of(code >> 8, code & 255)),
    ],
  ),
  [
    "closes for a reason that is no UTF-8 (§5.5.1)",
    1007,
    "ERR_TEXT_UTF8",
    frame(close, Buffer.of(0x03, 0xe8, 0xff)),
  ],
];

describe("a server that breaks RFC 6455", () => {
  it.each(breaches)("and %s is closed with %i", async (_what, closeCode, code, octets) => {
    const sent: Promise<Frame[]>[] = [];
    const url = await rawServer(({ socket, key }) => {
      sent.push(framesOf(socket));
      socket.write(switching(key));
      socket.write(Buffer.concat([frame(text, "before"), octets, frame(text, "after")]));
    });
    const socket = await connect(url);
    const taken: unknown[] = [];
    for await (const message of socket) taken.push(message);
    expect(taken).toEqual(["before"]);
    const { error, ...end } = await socket.closed;
    expect(end).toMatchObject({ code: closeCode, clean: false });
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code, closeCode });
    // The server is told, and TCP ends.
    const [last, ...others] = await sent[0]!;
    expect(others).toEqual([]);
    expect(last).toMatchObject({ opcode: close });
    expect(last?.payload.readUInt16BE()).toBe(closeCode);
  });

  it.each(breaches)("and %s is noticed in the octets behind its 101, too", async (...given) => {
    const [, closeCode, code, octets] = given;
    const url = await rawServer(({ socket, key }) => {
      socket.write(Buffer.concat([Buffer.from(switching(key)), octets, frame(text, "after")]));
    });
    const socket = await connect(url);
    expect(await socket.closed).toMatchObject({ code: closeCode, clean: false, error: { code } });
    expect(await socket.receive()).toBeUndefined();
  });

  it.each([
    ["empty fragments", "ERR_CONTROL_FLOOD", Buffer.alloc(2)],
    ["fragments of one octet", "ERR_FRAGMENT_FLOOD", Buffer.of(0, 1, 7)],
    ["pings", "ERR_CONTROL_FLOOD", Buffer.of(0x89, 0)],
    ["pongs", "ERR_CONTROL_FLOOD", Buffer.of(0x8a, 0)],
  ])("and floods with %s, is closed with 1008", async (_what, code, each) => {
    const many = Buffer.alloc(each.length * 2 ** 16, each);
    const url = await rawServer(({ socket, key }) => {
      socket.resume();
      socket.write(switching(key));
      socket.write(frame(binary, "", begin));
      let left = 17;
      const more = () => {
        if (left-- > 0 && !socket.destroyed) socket.write(many, more);
      };
      more();
    });
    const socket = await connect(url, { limits: { maxMessageSize: 2 ** 24 } });
    expect(await socket.closed).toMatchObject({ code: 1008, clean: false, error: { code } });
  });

  it("and does not go on with a message, is closed with 1008 after messageTimeout", async () => {
    const clock = new FakeClock();
    const socket = await connectAnd(
      [frame(text, "first"), frame(binary, "x", begin)],
      { clock, limits: { messageTimeout: 1_000 } },
      () => clock.advance(1_050),
    );
    expect(await socket.closed).toMatchObject({
      code: 1008,
      reason: "message took more than 1000 ms to arrive",
      clean: false,
    });
  });
});

describe("a server that goes to the limits of RFC 6455", () => {
  it("may send control frames between fragments, empty fragments and empty messages", async () => {
    const url = await writing(
      frame(text, "", begin),
      frame(ping, "in between"),
      frame(continuation, "one", begin),
      frame(pong, "that nobody asked for"),
      frame(continuation, "", { fin: true }),
      frame(text),
      frame(binary),
      frame(close),
    );
    const socket = await connect(url);
    const taken: unknown[] = [];
    for await (const message of socket) taken.push(message);
    expect(taken).toEqual(["one", "", Buffer.alloc(0)]);
    expect(await socket.closed).toMatchObject({ code: 1005, clean: true });
  });

  it("may cut everything into single octets, in characters too", async () => {
    const octets = Buffer.concat([
      frame(text, "grüße, 世界 👋".slice(0, 3), begin),
      frame(continuation, "世界 👋"),
      frame(binary, Buffer.alloc(300, 7)),
      frame(close, Buffer.of(0x0f, 0xa0)),
    ]);
    const url = await rawServer(({ socket, key }) => {
      socket.write(switching(key));
      const next = (at: number): void => {
        if (at < octets.length) socket.write(octets.subarray(at, at + 1), () => next(at + 1));
      };
      next(0);
    });
    const socket = await connect(url);
    expect(await socket.receive()).toBe("grü世界 👋");
    expect(await socket.receive()).toEqual(Buffer.alloc(300, 7));
    expect(await socket.closed).toMatchObject({ code: 4000, clean: true });
  });

  it("may send what comes with the 101, before anybody listens", async () => {
    const url = await rawServer(({ socket, key }) => {
      const head = Buffer.from(switching(key), "latin1");
      socket.end(Buffer.concat([head, frame(text, "early"), frame(close, Buffer.of(3, 232))]));
    });
    const socket = await connect(url);
    expect(await socket.closed).toMatchObject({ code: 1000, clean: true });
    expect(await socket.receive()).toBe("early");
    expect(await socket.receive()).toBeUndefined();
  });

  it("is asked with a key and masks that are new each time (§5.3)", async () => {
    const keys = new Set<string>();
    const masks = new Set<string>();
    const [count, size] = [1000, 7];
    const url = await rawServer(({ socket, key }) => {
      keys.add(key);
      socket.write(switching(key));
      let octets = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => {
        octets = Buffer.concat([octets, chunk]);
        if (octets.length < count * size) return;
        for (let at = 0; at < octets.length; at += size)
          masks.add(octets.toString("hex", at + 2, at + 6));
        socket.end(frame(close));
      });
    });
    for (let round = 0; round < 3; round++) {
      const socket = await connect(url);
      for (let at = 0; at < count; at++) socket.send("x");
      await socket.closed;
    }
    expect(keys.size).toBe(3);
    // Of 3000 random ones two may be the same, once in a thousand runs; three pairs of them, never.
    expect(masks.size).toBeGreaterThan(3 * count - 3);
  });
});

describe("a server that is gone", () => {
  it.each<[string, (asked: Asked) => void]>([
    ["with a reset, right behind its 101", ({ socket }) => socket.resetAndDestroy()],
    [
      "with a reset, in a frame",
      ({ socket }) => resetAfter(socket, frame(text, "half").subarray(0, 4)),
    ],
    [
      "with a reset, between fragments",
      ({ socket }) => resetAfter(socket, frame(text, "half", begin)),
    ],
    ["without a close frame", ({ socket }) => socket.end()],
    ["in the middle of a frame", ({ socket }) => socket.end(frame(text, "half").subarray(0, 4))],
  ])("%s, is an unclean end with 1006", async (_how, leave) => {
    const url = await rawServer((asked) => {
      asked.socket.write(switching(asked.key), () => setImmediate(() => leave(asked)));
    });
    const socket = await connect(url);
    expect(await socket.closed).toMatchObject({ code: 1006, reason: "", clean: false });
    expect(await socket.receive()).toBeUndefined();
    await socket.drained();
    socket.send("to nobody");
    expect(socket.dropped).toBe(1);
  });

  it("names the system's error", async () => {
    const url = await rawServer(({ socket, key }) => {
      socket.write(switching(key));
      socket.once("data", () => socket.resetAndDestroy());
    });
    const socket = await connect(url);
    socket.send("go away");
    expect(await socket.closed).toMatchObject({ code: 1006, error: { code: "ECONNRESET" } });
  });

  it("is noticed, when it is gone without a word (§5.5.2)", async () => {
    const clock = new FakeClock();
    const server: Socket[] = [];
    const url = await rawServer(({ socket, key }) => {
      server.push(socket);
      socket.write(switching(key));
    });
    const socket = await connect(url, { clock });
    const [peer] = server;
    const pinged = once(peer!, "data");
    clock.advance(25_050);
    expect(((await pinged) as [Buffer])[0][0]).toBe(0x80 | ping);
    clock.advance(20_050);
    expect(await socket.closed).toMatchObject({ code: 1006, clean: false });
    await expect.poll(() => clock.timers).toBe(0);
  });

  it("may reset instead of answering a close frame", async () => {
    const url = await rawServer(({ socket, key }) => {
      socket.write(switching(key));
      socket.once("data", () => socket.resetAndDestroy());
    });
    const socket = await connect(url);
    socket.close(4000, "bye");
    expect(await socket.closed).toMatchObject({ code: 4000, reason: "bye", clean: false });
  });

  it("is destroyed after closeTimeout, when it answers no close frame", async () => {
    const clock = new FakeClock();
    const server: Socket[] = [];
    const url = await rawServer(({ socket, key }) => {
      server.push(socket);
      socket.write(switching(key));
      socket.once("data", () => clock.advance(5_050));
    });
    const socket = await connect(url, { clock });
    socket.close(1000);
    expect(await socket.closed).toMatchObject({ code: 1000, clean: false });
    await once(server[0]!.resume(), "end");
    await expect.poll(() => clock.timers).toBe(0);
  });

  it("is destroyed after closeTimeout, when it does not end TCP (§7.1.1)", async () => {
    const clock = new FakeClock();
    const server: Socket[] = [];
    const url = await rawServer(({ socket, key }) => {
      server.push(socket);
      socket.write(switching(key));
      socket.write(frame(close, Buffer.of(3, 232)));
    });
    const socket = await connect(url, { clock });
    expect(await socket.closed).toMatchObject({ code: 1000, clean: true });
    clock.advance(5_050);
    await once(server[0]!.resume(), "end");
  });

  it("says nothing more behind its close frame that counts", async () => {
    const url = await writing(
      Buffer.concat([
        frame(close, Buffer.of(3, 232)),
        frame(close),
        frame(text, "late"),
        frame(0x3),
      ]),
    );
    const socket = await connect(url);
    expect(await socket.closed).toEqual({ code: 1000, reason: "", clean: true, error: undefined });
    expect(await socket.receive()).toBeUndefined();
  });
});

describe("a server that pings often (§5.5.3)", () => {
  it("gets a pong for the last of them", async () => {
    const pongs: string[] = [];
    let done!: () => void;
    const answered = new Promise<void>((resolve) => {
      done = resolve;
    });
    const url = await rawServer(({ socket, key }) => {
      const reader = new FrameReader(true);
      socket.on("data", (chunk: Buffer) => {
        for (const { opcode, payload } of reader.read(chunk)) {
          if (opcode === pong) pongs.push(payload.toString());
        }
        if (pongs.at(-1) === "4999") done();
      });
      socket.write(switching(key));
      socket.write(Buffer.concat(Array.from({ length: 5_000 }, (_, at) => frame(ping, `${at}`))));
    });
    const socket = await connect(url);
    await answered;
    expect(pongs.at(-1)).toBe("4999");
    socket.close();
  });
});

/** Every frame that a client sends, until TCP ends. */
async function framesOf(socket: Socket): Promise<Frame[]> {
  const reader = new FrameReader(true);
  const frames: Frame[] = [];
  socket.on("data", (chunk: Buffer) => frames.push(...reader.read(chunk)));
  await once(socket, "end");
  socket.end();
  return frames;
}

function resetAfter(socket: Socket, octets: Uint8Array): void {
  socket.write(octets, () => setImmediate(() => socket.resetAndDestroy()));
}

/** Connects to a server that writes frames; goes on when the first message is there. */
async function connectAnd(frames: Uint8Array[], options: ConnectOptions, then: () => void) {
  const socket = await connect(await writing(Buffer.concat(frames)), options);
  expect(await socket.receive()).toBe("first");
  then();
  return socket;
}
