import type { Clock } from "../internal/clock.ts";
import type { DeflateShare } from "../protocol/deflate-share.ts";
import { frame, textFrame } from "../protocol/frame.ts";
import { Opcode } from "../protocol/opcode.ts";
import { CompressedMessage, CutMessage, type LongMessage } from "./long-message.ts";
import { sliceTime } from "./read-slice.ts";

/** Somebody who has something to write before the turn is over. */
export interface TurnMember {
  flush(): void;
}

/**
 * How a message looks on the wire: 0 as it is, or 8 to 15 for permessage-deflate without context,
 * with a window of so many bits. Connections share what they are sent in one format.
 */
export type WireFormat = number;

/** The format of a message that is sent as it is. */
export const plain: WireFormat = 0;

/**
 * What all connections of a server send in one turn of the event loop, apart from direct answers.
 *
 * It is a tree whose edges are messages; a connection holds one pointer into it. Connections that
 * were sent the same sequence share one node, so a message to a thousand members is encoded,
 * compressed and framed once, and a burst of messages to them is joined into one buffer once.
 * Nothing of it outlives the turn, unless the crowd is so large that writing to it takes several; and
 * before a crowd is written to, the sockets are looked at once more.
 * Only a server's frames can be shared: a client masks each with its own key.
 */
export class Turn {
  readonly #clock: Clock;
  readonly #deflate: DeflateShare | undefined;
  #root: Branch = new Branch(undefined, undefined, plain);
  #waiting: TurnMember[] = [];
  #scheduled = false;
  /** Whether it was prolonged for a crowd that is not served yet. */
  #prolonged = false;
  /** The long message that was sent last, and its format. */
  #long: LongMessage | undefined;
  #longFormat: WireFormat = plain;

  /** `deflate` makes the formats other than {@link plain}. */
  constructor(clock: Clock, deflate?: DeflateShare) {
    this.#clock = clock;
    this.#deflate = deflate;
  }

  /** The node that is reached from `branch`, or from the beginning, by sending `data`. */
  after(branch: Branch | undefined, data: string | Uint8Array, format: WireFormat = plain): Branch {
    const from = branch ?? this.#root;
    return from.follow(data, format) ?? from.grow(data, format, this.#framed(data, format));
  }

  /** The pieces of a message that is too long for the tree. Whoever asks enlists, too. */
  long(data: string | Uint8Array, format: WireFormat): LongMessage {
    const last = this.#long;
    if (last?.data === data && this.#longFormat === format) {
      if (typeof data === "string" || last.carries(data)) return last;
    }
    this.#longFormat = format;
    this.#long =
      format === plain
        ? new CutMessage(data, "server")
        : new CompressedMessage(data, "server", (bytes, last) =>
            this.#deflate!.compress(bytes, format, last),
          );
    return this.#long;
  }

  /** Has the member flushed at the end of this turn. A member enlists once a turn. */
  enlist(member: TurnMember): void {
    this.#waiting.push(member);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(this.#end);
  }

  readonly #end = (): void => {
    if (this.#waiting.length >= crowd && !this.#prolonged) {
      this.#prolonged = true;
      return this.#clock.endOfTurn(this.#end);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#root = new Branch(undefined, undefined, plain);
    this.#long = undefined;
    this.#scheduled = false;
    const began = this.#clock.now();
    let flushed = 0;
    do waiting[flushed++]!.flush();
    while (flushed < waiting.length && this.#clock.now() - began <= sliceTime);
    this.#prolonged = flushed < waiting.length;
    if (!this.#prolonged) return;
    this.#waiting = [...waiting.slice(flushed), ...this.#waiting];
    this.#schedule();
  };

  #framed(data: string | Uint8Array, format: WireFormat): Buffer {
    const text = typeof data === "string";
    if (format === plain) {
      return text ? textFrame(data, "server") : frame(Opcode.binary, data, "server");
    }
    const payload = this.#deflate!.compress(text ? Buffer.from(data, "utf8") : data, format);
    return frame(text ? Opcode.text : Opcode.binary, payload, "server", 4);
  }
}

/**
 * From so many members on, the turn is prolonged by one: to look once at what else has come takes
 * microseconds, and each message that is found saves a crowd's worth of writes.
 */
const crowd = 64;

/** A sequence of messages since the turn began. */
export class Branch {
  readonly #parent: Branch | undefined;
  readonly #frame: Buffer | undefined;
  /** The bytes of the whole sequence, framed. */
  readonly size: number;
  /** Whether a message of the sequence is compressed. */
  readonly compressed: boolean;
  #joined: Buffer | undefined;

  // Most nodes are left by one edge only; the map is made for the second.
  #lastData: string | Uint8Array | undefined;
  #lastFormat: WireFormat = plain;
  #lastBranch: Branch | undefined;
  /** The texts' branches, in one map for each format. */
  #branches: Map<string, Branch>[] | undefined;
  /** What the last message was before it was compressed, if it was bytes and was. */
  #source: Buffer | undefined;

  constructor(parent: Branch | undefined, bytes: Buffer | undefined, format: WireFormat) {
    this.#parent = parent;
    this.#frame = bytes;
    this.size = (parent?.size ?? 0) + (bytes?.length ?? 0);
    this.compressed = format !== plain || parent?.compressed === true;
  }

  /** The whole sequence as one buffer, shared by everyone who was sent it. */
  get joined(): Buffer {
    this.#joined ??= this.#join();
    return this.#joined;
  }

  /** The branch that somebody who was sent `data` in this format took before. */
  follow(data: string | Uint8Array, format: WireFormat): Branch | undefined {
    const same = this.#lastData === data && this.#lastFormat === format;
    if (typeof data !== "string") {
      // Bytes can be changed by their owner, so they are shared only while they are the same.
      return same && this.#lastBranch!.#carries(data) ? this.#lastBranch : undefined;
    }
    if (same) return this.#lastBranch;
    const known = this.#branches?.[format]?.get(data);
    if (known !== undefined) this.#leaveBy(data, format, known);
    return known;
  }

  /** A new branch, whose last message is `data`, framed. */
  grow(data: string | Uint8Array, format: WireFormat, framed: Buffer): Branch {
    const branch = new Branch(this, framed, format);
    if (typeof data !== "string" && format !== plain) branch.#source = Buffer.from(data);
    this.#leaveBy(data, format, branch);
    return branch;
  }

  /** Makes an edge the last one; a text's edge that was it before goes into the map. */
  #leaveBy(data: string | Uint8Array, format: WireFormat, branch: Branch): void {
    if (typeof this.#lastData === "string") {
      this.#branches ??= [];
      this.#branches[this.#lastFormat] ??= new Map();
      this.#branches[this.#lastFormat]!.set(this.#lastData, this.#lastBranch!);
    }
    this.#lastData = data;
    this.#lastFormat = format;
    this.#lastBranch = branch;
  }

  #carries(bytes: Uint8Array): boolean {
    const own = this.#source ?? this.#frame!;
    return own.compare(bytes, 0, bytes.length, own.length - bytes.length) === 0;
  }

  #join(): Buffer {
    const parent = this.#parent;
    if (parent === undefined || parent.size === 0) return this.#frame ?? Buffer.alloc(0);
    const joined = Buffer.allocUnsafeSlow(this.size);
    let end = this.size;
    let branch: Branch | undefined = this;
    while (branch !== undefined && branch.#frame !== undefined) {
      // An ancestor that was joined already has everything before it, too.
      const bytes: Buffer = branch.#joined ?? branch.#frame;
      end -= bytes.length;
      joined.set(bytes, end);
      branch = branch.#joined === undefined ? branch.#parent : undefined;
    }
    return joined;
  }
}
