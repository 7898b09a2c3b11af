import type { Dialect, Load } from "../load.ts";
import { clientFrame, serverFrame } from "./frame.ts";
import { contextOf } from "./handshake.ts";
import { Deflation, Inflation } from "./inflation.ts";
import { messages, Random } from "./messages.ts";
import { CountedReplies, KnownReplies, knownRing, type ReplyReader, Witness } from "./replies.ts";
import { Requests } from "./requests.ts";

/** At most so many bytes are in a ring of different messages. */
const ringBytes = 1024 * 1024;

/** The messages of a load: what is sent, and what has to come back. Made before anything is measured. */
export class Traffic {
  readonly requests: Requests;
  readonly #load: Load;
  readonly #extension: string;
  readonly #wanted: readonly Buffer[];
  readonly #known: { ring: Buffer; round: number; size: number } | undefined;

  constructor(load: Load, dialect: Dialect, extension: string) {
    this.#load = load;
    this.#extension = extension;
    const inFlight = load.kind === "open" ? 1 : load.inFlight;
    const count = Math.max(2, inFlight, Math.min(64, Math.floor(ringBytes / load.size)));
    const plain = messages(load.content, load.size, count);
    this.#wanted = dialect === "socket.io" ? plain.map(socketIoEvent) : plain;

    const random = new Random(7);
    const text = load.content !== "binary";
    const compressed = load.deflate !== "off";
    if (compressed !== extension.startsWith("permessage-deflate")) {
      throw new Error(`the server answered ${extension || "no extension"}`);
    }
    const deflation = new Deflation(contextOf("client", extension));
    const round = (): Buffer[] =>
      this.#wanted.map((message) => {
        const payload = compressed ? deflation.message(message) : message;
        return clientFrame(payload, random.below(2 ** 32), { text, compressed });
      });
    const first = round();
    const later = compressed ? round() : first;
    this.requests = new Requests(first, later, inFlight);

    const senders = load.kind === "broadcast" ? load.senders : 1;
    // A compressor may say the same in many ways, and what several send may come in any order.
    if (compressed || senders > 1) return;
    const replies =
      dialect === "bytes"
        ? first
        : this.#wanted.map((message) => serverFrame(message, { text, compressed }));
    const ring = knownRing(replies);
    const size = replies[0]?.length ?? 0;
    this.#known = { ring, round: size * replies.length, size };
  }

  /** A reader for one connection; the first one's looks at everything. `sent` is how much was so far. */
  reader(index: number, sent: () => number): ReplyReader {
    if (this.#known !== undefined) {
      const { ring, round, size } = this.#known;
      return new KnownReplies(ring, round, size);
    }
    const compressed = this.#load.deflate !== "off";
    const inflation = compressed ? new Inflation(contextOf("server", this.#extension)) : undefined;
    const inOrder = this.#load.kind !== "broadcast" || this.#load.senders === 1;
    const witness =
      index === 0 ? new Witness(this.#wanted, inOrder ? undefined : sent, inflation) : undefined;
    return new CountedReplies({ compressed, size: this.#wanted[0]?.length ?? 0 }, witness);
  }
}

/** An event of Socket.IO 5 in a message of Engine.IO 4. */
function socketIoEvent(message: Buffer): Buffer {
  return Buffer.from(`42["m",${JSON.stringify(message.toString())}]`);
}
