import type { Clock } from "../internal/clock.ts";
import { frame, textFrame } from "../protocol/frame.ts";
import { Opcode } from "../protocol/opcode.ts";

/** Somebody who has something to write before the turn is over. */
export interface TurnMember {
  flush(): void;
}

/**
 * What all connections of a server send in one turn of the event loop, apart from direct answers.
 *
 * It is a tree whose edges are messages; a connection holds one pointer into it. Connections that
 * were sent the same sequence share one node, so a message to a thousand members is encoded and
 * framed once, and a burst of messages to them is joined into one buffer once. Nothing of it
 * outlives the turn. Only a server's frames can be shared: a client masks each with its own key.
 */
export class Turn {
  readonly #clock: Clock;
  #root: Branch = new Branch(undefined, undefined);
  #waiting: TurnMember[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The node that is reached from `branch`, or from the beginning, by sending `data`. */
  after(branch: Branch | undefined, data: string | Uint8Array): Branch {
    return (branch ?? this.#root).follow(data);
  }

  /** Has the member flushed at the end of this turn. A member enlists once a turn. */
  enlist(member: TurnMember): void {
    if (this.#waiting.push(member) === 1) this.#clock.endOfTurn(this.#end);
  }

  readonly #end = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#root = new Branch(undefined, undefined);
    for (const member of waiting) member.flush();
  };
}

/** A sequence of messages since the turn began. */
export class Branch {
  readonly #parent: Branch | undefined;
  readonly #frame: Buffer | undefined;
  /** The bytes of the whole sequence, framed. */
  readonly size: number;
  #joined: Buffer | undefined;

  // Most nodes are left by one edge only; the map is made for the second.
  #lastData: string | Uint8Array | undefined;
  #lastBranch: Branch | undefined;
  #branches: Map<string, Branch> | undefined;

  constructor(parent: Branch | undefined, bytes: Buffer | undefined) {
    this.#parent = parent;
    this.#frame = bytes;
    this.size = (parent?.size ?? 0) + (bytes?.length ?? 0);
  }

  /** The whole sequence as one buffer, shared by everyone who was sent it. */
  get joined(): Buffer {
    this.#joined ??= this.#join();
    return this.#joined;
  }

  follow(data: string | Uint8Array): Branch {
    return typeof data === "string" ? this.#followText(data) : this.#followBytes(data);
  }

  #followText(text: string): Branch {
    if (this.#lastData === text) return this.#lastBranch!;
    const known = this.#branches?.get(text);
    return this.#leaveBy(text, known ?? new Branch(this, textFrame(text, "server")));
  }

  /** Bytes can be changed by their owner, so they are shared only while their frame still has them. */
  #followBytes(bytes: Uint8Array): Branch {
    const last = this.#lastBranch;
    if (last !== undefined && this.#lastData === bytes && last.#carries(bytes)) return last;
    return this.#leaveBy(bytes, new Branch(this, frame(Opcode.binary, bytes, "server")));
  }

  /** Makes an edge the last one; a text's edge that was it before goes into the map. */
  #leaveBy(data: string | Uint8Array, branch: Branch): Branch {
    if (typeof this.#lastData === "string") {
      this.#branches ??= new Map();
      this.#branches.set(this.#lastData, this.#lastBranch!);
    }
    this.#lastData = data;
    this.#lastBranch = branch;
    return branch;
  }

  #carries(bytes: Uint8Array): boolean {
    const own = this.#frame!;
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
