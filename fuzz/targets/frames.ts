import assert from "node:assert/strict";
import {
  DeflateShare,
  type Extension,
  isCloseCode,
  PartialBudget,
  Protocol,
  type ProtocolOptions,
  type ProtocolSink,
  type Role,
} from "sluice/protocol";
import { agreedExtension } from "../agreed-extension.ts";
import { InputReader } from "../input-reader.ts";
import { Random } from "../random.ts";
import { readAll } from "../reference-parser.ts";
import { hex, latin1, toHex } from "../octets.ts";
import type { Target } from "../target.ts";

/** Makes the parser that is tested. */
type MakeProtocol = (options: ProtocolOptions) => Protocol;

/**
 * What a peer sends after the handshake, to either role, with and without an extension.
 *
 * However the octets are chopped, they lead to the same calls: those of the reference parser, at the
 * very octet that makes each certain. Nothing is told after the end, sizes are within limits, what
 * was told stays as it was, memory is given back, and what came in can be sent and read again.
 */
export function frames(makeProtocol: MakeProtocol = (options) => new Protocol(options)): Target {
  return {
    name: "frames",
    seeds: [
      // 0: a server, 1 MiB, no extension, chopped by seed 7, no filler
      hex("00 00 00 07 00 81 85 37fa213d 7f9f4d5158"),
      hex("01 00 00 07 00 01 03 48656c 80 02 6c6f 89 00 88 02 03e8"),
      hex("00 01 00 07 01 82 fe 007e 00000000").subarray(0),
      hex("00 00 01 07 00 c1 85 00000000 1d303939 3a"),
      hex("01 00 02 07 00 c1 07 f248cdc9c907 00"),
      hex("00 00 00 07 02 82 ff 0000000000011170 00000000"),
    ],
    dictionary: [
      ...[0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a].flatMap((first) => [
        Uint8Array.of(first, 0x80, 0, 0, 0, 0),
        Uint8Array.of(first, 0x81, 0, 0, 0, 0, 0x61),
        Uint8Array.of(first, 0),
        Uint8Array.of(first, 2, 0xc3, 0xa9),
      ]),
      hex("81 fe 0080 00000000"),
      hex("82 ff 0000000000010000 00000000"),
      hex("81 7e 0080"),
      hex("82 7f 0000000000010000"),
      hex("c1 87 00000000 f248cdc9c90700"),
      hex("c1 07 f248cdc9c90700"),
      hex("41 83 00000000 f248cd"),
      hex("41 03 f248cd"),
      hex("0000ffff"),
      ...closeCodes.flatMap((code) => [
        Buffer.of(0x88, 0x82, 0, 0, 0, 0, code >> 8, code & 0xff),
        Buffer.of(0x88, 0x02, code >> 8, code & 0xff),
      ]),
      ...textEdges.map(hex),
      latin1("Hello"),
    ],
    run: (input) => run(makeProtocol, input),
  };
}

const closeCodes = [
  999, 1000, 1003, 1004, 1005, 1006, 1007, 1014, 1015, 1016, 2999, 3000, 4999, 5000,
];
/** The first and the last of what RFC 3629 §4 allows, and what is just beyond. */
const textEdges = [
  ...["7f", "80", "c080", "c1bf", "c280", "dfbf", "e09fbf", "e0a080", "ed9fbf", "eda080", "edbfbf"],
  ...["ee8080", "efbfbf", "f08fbfbf", "f0908080", "f48fbfbf", "f4908080", "f5808080", "ff"],
];

/** What follows an input, so that long frames can end. */
const fillers = [...new Array<number>(30).fill(0), 200, 70_000];

function run(makeProtocol: MakeProtocol, input: Uint8Array): string {
  const reader = new InputReader(input);
  const role = reader.pick<Role>(["server", "client"]);
  const maxMessageSize = reader.pick([2 ** 20, 0, 1, 125, 126, 300]);
  const coding = reader.pick(["plain", "flipping", "deflate", "deflate by itself"] as const);
  const random = new Random(reader.octet());
  const filler = reader.pick(fillers);
  const tight = reader.pick([0, 100, 1000]);
  const wire = Buffer.concat([reader.rest(), Buffer.alloc(filler, "x")]);

  const hear = (chunks: readonly Buffer[], budget = new PartialBudget(2 ** 30), pausing = false) =>
    new Hearing(makeProtocol, { role, maxMessageSize, budget }, coding, chunks, pausing);

  const whole = hear([wire]).calls;
  const isLong = wire.length > 2000;
  const single = hear(isLong ? chop(wire, random, 20_000) : chop(wire, undefined, 1));
  assert.deepEqual(single.calls, whole, "one octet at a time leads to something else");
  const chopped = chop(wire, random, isLong ? 20_000 : 1 + random.below(40));
  assert.deepEqual(hear(chopped).calls, whole, "some octets at a time lead to something else");
  assert.deepEqual(hear([wire], undefined, true).calls, whole, "pauses lead to something else");

  const cramped = hear(chopped, new PartialBudget(tight)).calls;
  if (cramped.at(-1) === "fail 1008 ERR_PARTIAL_BUDGET") cramped.pop();
  assert.deepEqual(
    cramped,
    whole.slice(0, cramped.length),
    "little memory leads to something else",
  );

  if (coding === "plain" && !isLong) {
    const expected = readAll(wire, role, maxMessageSize).map(({ at, call }) => ({ at, call }));
    assert.deepEqual(single.timed, expected, "the reference parser reads something else");
  }
  const sent = single.sendAgain(makeProtocol, role);
  assert.deepEqual(
    sent,
    whole.filter((call) => !call.startsWith("fail")),
    "sent, it is not the same",
  );

  const last = whole.at(-1) ?? "nothing";
  return `${coding}: ${last.startsWith("fail") ? last : last.split(" ", 1)[0]}`;
}

/** A sink that writes down what one protocol tells of, and checks it. */
class Hearing implements ProtocolSink {
  readonly calls: string[] = [];
  readonly timed: { at: number; call: string }[] = [];
  /** What was told with what it was then, to see whether it stays so. */
  readonly #kept: { readonly bytes: Uint8Array; readonly call: string }[] = [];
  readonly #messages: ((sender: Protocol) => Buffer)[] = [];
  readonly #maxMessageSize: number;
  readonly #protocol: Protocol;
  readonly #pausing: boolean;
  #at = 0;
  #ended = false;

  constructor(
    makeProtocol: MakeProtocol,
    options: { role: Role; maxMessageSize: number; budget: PartialBudget },
    coding: Coding,
    chunks: readonly Buffer[],
    pausing: boolean,
  ) {
    const { budget } = options;
    const share = coding.startsWith("deflate") ? new DeflateShare(sharing) : undefined;
    this.#maxMessageSize = options.maxMessageSize;
    this.#pausing = pausing;
    const extension = makeExtension(coding, share);
    this.#protocol = makeProtocol({ ...options, sink: this, extension });
    for (const chunk of chunks) {
      // A copy, since chunks belong to the protocol.
      this.#protocol.receive(Buffer.from(chunk));
      this.#goOn(share);
      this.#at++;
      assert(budget.held >= 0 && budget.held <= budget.limit, `${budget.held} bytes are held`);
      const idle = !this.#protocol.partial || this.#ended;
      assert(!idle || budget.held === 0, `${budget.held} bytes are held for nothing`);
    }
    this.#protocol.dispose();
    extension?.dispose();
    assert.equal(budget.held, 0, "memory was not given back");
    assert.equal(share?.reserved ?? 0, 0, "memory of contexts was not given back");
    this.#ended = true;
    this.#protocol.receive(hex("8a00 8a80 00000000"));
    for (const { bytes, call } of this.#kept) {
      assert.equal(`${call.split(" ", 1)[0]} ${toHex(bytes)}`, call, "what was told has changed");
    }
  }

  onText(message: string): void {
    this.#tell(`text ${message}`, (sender) => sender.text(message, false));
    assert(message.isWellFormed(), "a text is not well-formed");
    this.#checkSize(Buffer.byteLength(message));
  }
  onBytes(message: Uint8Array): void {
    this.#keep("bytes", message, (sender) => sender.bytes(message, false));
    this.#checkSize(message.length);
  }
  onPing(payload: Uint8Array): void {
    this.#keep("ping", payload, (sender) => sender.ping(payload));
    assert(payload.length <= 125, "a ping is too long");
  }
  onPong(payload: Uint8Array): void {
    this.#keep("pong", payload, (sender) => sender.pong(payload));
    assert(payload.length <= 125, "a pong is too long");
  }
  onClose(code: number, reason: string): void {
    const given = code === 1005 ? undefined : code;
    this.#tell(`close ${code} ${reason}`, (sender) => sender.close(given, reason));
    assert(code === 1005 || isCloseCode(code), `the peer cannot close with ${code}`);
    assert(reason.isWellFormed() && Buffer.byteLength(reason) <= 123, "the reason is none");
    this.#ended = true;
  }
  onFail(error: { readonly closeCode: number; readonly code: string }): void {
    this.#tell(`fail ${error.closeCode} ${error.code}`);
    this.#ended = true;
  }
  onDecoding(): void {
    assert(!this.#ended, "something is decoded after the end");
  }

  /** What a reader in the same role hears if its peer sends everything that was heard here. */
  sendAgain(makeProtocol: MakeProtocol, role: Role): string[] {
    const peer = role === "server" ? "client" : "server";
    const sender = makeProtocol({ role: peer, sink: this });
    const wire = Buffer.concat(this.#messages.map((send) => send(sender)));
    const options = {
      role,
      maxMessageSize: this.#maxMessageSize,
      budget: new PartialBudget(2 ** 30),
    };
    const makeReader: MakeProtocol = (given) => new Protocol(given);
    return new Hearing(makeReader, options, "plain", [wire], false).calls;
  }

  #goOn(share: DeflateShare | undefined): void {
    for (let turn = 0; turn < 10_000; turn++) {
      share?.refill();
      if (!this.#protocol.decodeOn()) continue;
      const calls = this.calls.length;
      this.#protocol.release();
      if (!this.#protocol.decoding && calls === this.calls.length) return;
    }
    assert.fail("it takes too many turns");
  }

  #keep(kind: string, bytes: Uint8Array, send: (sender: Protocol) => Buffer): void {
    const call = `${kind} ${toHex(bytes)}`;
    this.#kept.push({ bytes, call });
    this.#tell(call, send);
  }

  #tell(call: string, send?: (sender: Protocol) => Buffer): void {
    assert(!this.#ended, `after the end it still told of "${call.slice(0, 80)}"`);
    this.calls.push(call);
    this.timed.push({ at: this.#at, call });
    if (send !== undefined) this.#messages.push(send);
    if (this.#pausing) this.#protocol.hold();
  }

  #checkSize(size: number): void {
    assert(size <= this.#maxMessageSize, `a message of ${size} bytes exceeds the limit`);
  }
}

type Coding = "plain" | "flipping" | "deflate" | "deflate by itself";

/** So little that long messages take some turns. */
const sharing = { workPerTurn: 4096 };

function makeExtension(coding: Coding, share: DeflateShare | undefined): Extension | undefined {
  if (share === undefined) return coding === "flipping" ? flipping : undefined;
  const contextTakeover = coding === "deflate";
  const direction = { windowBits: 15, contextTakeover };
  return agreedExtension(share, direction, direction);
}

/** An extension that turns every second bit over. */
const flipping: Extension = {
  rsv: 4,
  decode: (payload) => payload.map((octet) => octet ^ 0x55),
  decodeOn: () => undefined,
  encode: () => undefined,
  dispose() {},
};

/** Pieces of up to `most` octets; of exactly so many without a random. */
function chop(wire: Buffer, random: Random | undefined, most: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < wire.length; ) {
    const size = random === undefined ? most : 1 + random.below(most);
    chunks.push(wire.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
