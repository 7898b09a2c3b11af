import type { Role } from "sluice/protocol";

/** A call, and the octet that makes it certain. */
interface TimedCall {
  readonly at: number;
  readonly call: string;
}

/**
 * RFC 6455 for one receiving end, as a specification: slow, over the whole input, and with nothing
 * taken from the engine. It says which calls the octets lead to, and at which octet each of them
 * becomes certain: no sooner, since other octets could still follow, and no later.
 */
export function readAll(octets: Buffer, receiver: Role, maxMessageSize: number): TimedCall[] {
  const calls: TimedCall[] = [];
  let message: Message | undefined;
  let start = 0;

  while (start < octets.length) {
    const header = readHeader(octets.subarray(start, start + 14));
    const size = Number(header.length) + (message?.payload.length ?? 0);
    const broken = rules(header, receiver, message !== undefined, size > maxMessageSize).find(
      ([at, isBroken]) => isBroken && start + at < octets.length,
    );
    if (broken !== undefined) return [...calls, { at: start + broken[0], call: broken[2] }];
    if (start + header.size > octets.length) return calls;

    const body = start + header.size;
    const end = body + Number(header.length);
    const payload = unmask(octets.subarray(body, end), header.key);
    const last = end - 1;

    if (header.control) {
      if (end > octets.length) return calls;
      const call = controlCall(header.opcode, payload);
      calls.push({ at: last, call });
      if (!/^p[io]ng/.test(call)) return calls;
    } else {
      message ??= { isText: header.opcode === 1, payload: Buffer.alloc(0) };
      const before = message.payload.length;
      message.payload = Buffer.concat([message.payload, payload]);
      const bad = message.isText ? firstBadOctet(message.payload) : -1;
      if (bad >= 0) return [...calls, { at: body + bad - before, call: notUtf8 }];
      if (end > octets.length) return calls;
      if (header.fin) {
        calls.push({ at: last, call: messageCall(message) });
        if (calls.at(-1)?.call === notUtf8) return calls;
        message = undefined;
      }
    }
    start = end;
  }
  return calls;
}

interface Message {
  readonly isText: boolean;
  payload: Buffer;
}

interface Header {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly control: boolean;
  readonly masked: boolean;
  /** The seven bits of the second octet. */
  readonly short: number;
  readonly length: bigint;
  /** At which octet of the header the length is known. */
  readonly lengthEnd: number;
  readonly key: Buffer;
  /** How many octets the header takes. */
  readonly size: number;
}

/** §5.2. What has not come yet is taken for zero: the rules know what they may look at. */
function readHeader(come: Buffer): Header {
  const octets = Buffer.concat([come, Buffer.alloc(14)]);
  const [first = 0, second = 0] = octets;
  const short = second & 0x7f;
  const masked = second >= 0x80;
  const lengthEnd = short === 127 ? 9 : short === 126 ? 3 : 1;
  const size = lengthEnd + 1 + (masked ? 4 : 0);
  const extended = octets.subarray(2, lengthEnd + 1).toString("hex");
  return {
    fin: first >= 0x80,
    rsv: (first >> 4) & 7,
    opcode: first & 15,
    control: (first & 8) !== 0,
    masked,
    short,
    length: extended === "" ? BigInt(short) : BigInt(`0x${extended}`),
    lengthEnd,
    key: masked ? octets.subarray(size - 4, size) : Buffer.alloc(4),
    size,
  };
}

type Rule = readonly [at: number, isBroken: boolean, call: string];

/** What a header may not be: at which octet it shows, whether it is so, and what it leads to. */
function rules(header: Header, receiver: Role, inMessage: boolean, tooBig: boolean): Rule[] {
  const { fin, rsv, opcode, control, masked, short, length, lengthEnd } = header;
  return [
    [0, rsv !== 0, "fail 1002 ERR_FRAME_RSV"], // §5.2
    [0, ![0, 1, 2, 8, 9, 10].includes(opcode), "fail 1002 ERR_FRAME_OPCODE"], // §5.2
    [0, opcode === 0 && !inMessage, "fail 1002 ERR_FRAME_CONTINUATION"], // §5.4
    [0, (opcode === 1 || opcode === 2) && inMessage, "fail 1002 ERR_FRAME_CONTINUATION"], // §5.4
    [0, control && !fin, "fail 1002 ERR_FRAME_CONTROL"], // §5.5
    [1, masked && receiver === "client", "fail 1002 ERR_FRAME_MASK"], // §5.1
    [1, !masked && receiver === "server", "fail 1002 ERR_FRAME_MASK"], // §5.1
    [1, control && short > 125, "fail 1002 ERR_FRAME_CONTROL"], // §5.5
    [lengthEnd, short === 126 && length < 126n, "fail 1002 ERR_FRAME_LENGTH"], // §5.2
    [lengthEnd, short === 127 && length < 65536n, "fail 1002 ERR_FRAME_LENGTH"], // §5.2
    [lengthEnd, length >= 2n ** 63n, "fail 1002 ERR_FRAME_LENGTH"], // §5.2
    [lengthEnd, tooBig && !control, "fail 1009 ERR_MESSAGE_TOO_BIG"], // §10.4
  ];
}

/** §5.3 */
function unmask(payload: Buffer, key: Buffer): Buffer {
  return Buffer.from(payload.map((octet, i) => octet ^ (key[i % 4] ?? 0)));
}

function messageCall({ isText, payload }: Message): string {
  if (!isText) return `bytes ${payload.toString("hex")}`;
  const string = utf8(payload);
  return string === undefined ? notUtf8 : `text ${string}`;
}

function controlCall(opcode: number, payload: Buffer): string {
  if (opcode === 9) return `ping ${payload.toString("hex")}`;
  if (opcode === 10) return `pong ${payload.toString("hex")}`;
  if (payload.length === 0) return "close 1005 "; // §7.1.5
  if (payload.length === 1) return "fail 1002 ERR_CLOSE_FRAME"; // §5.5.1
  const code = payload.readUInt16BE();
  const assigned = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code); // §7.4.1
  const free = code >= 3000 && code <= 4999; // §7.4.2
  if (!assigned && !free) return "fail 1002 ERR_CLOSE_FRAME";
  const reason = utf8(payload.subarray(2));
  return reason === undefined ? notUtf8 : `close ${code} ${reason}`;
}

const notUtf8 = "fail 1007 ERR_TEXT_UTF8"; // §8.1

/** The grammar of RFC 3629 §4, over octets written as Latin-1; `begun` is a character that lacks its end. */
const tail = "[\x80-\xbf]";
const whole = [
  "[^\x80-\xff]",
  `[\xc2-\xdf]${tail}`,
  `\xe0[\xa0-\xbf]${tail}`,
  `[\xe1-\xec\xee\xef]${tail}{2}`,
  `\xed[\x80-\x9f]${tail}`,
  `\xf0[\x90-\xbf]${tail}{2}`,
  `[\xf1-\xf3]${tail}{3}`,
  `\xf4[\x80-\x8f]${tail}{2}`,
].join("|");
const begun = [
  `[\xc2-\xdf]`,
  `\xe0[\xa0-\xbf]?`,
  `[\xe1-\xec\xee\xef]${tail}?`,
  `\xed[\x80-\x9f]?`,
  `\xf0(?:[\x90-\xbf]${tail}?)?`,
  `[\xf1-\xf3]${tail}{0,2}`,
  `\xf4(?:[\x80-\x8f]${tail}?)?`,
].join("|");
const text = new RegExp(`^(?:${whole})*$`);
const textSoFar = new RegExp(`^(?:${whole})*(?:${begun})?`);

/** The text that the octets are, if they are one. */
function utf8(octets: Buffer): string | undefined {
  return text.test(octets.toString("latin1")) ? octets.toString() : undefined;
}

/** The index of the octet after which no text can come of it any more, or -1. */
function firstBadOctet(octets: Buffer): number {
  const [good = ""] = textSoFar.exec(octets.toString("latin1")) ?? [];
  return good.length < octets.length ? good.length : -1;
}
