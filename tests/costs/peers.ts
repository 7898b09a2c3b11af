import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { clientFrame } from "../../benchmarks/generator/frame.ts";
import { negotiatedExtension, openingRequest } from "../../benchmarks/generator/handshake.ts";
import { CountedReplies } from "../../benchmarks/generator/replies.ts";

/** A connection that counts the messages that come. */
export class Peer {
  readonly socket: Socket;
  #received = 0;
  #wanted = 0;
  #complete: (() => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  private constructor(socket: Socket, replies: CountedReplies) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      try {
        this.#received += replies.read(chunk, chunk.length);
      } catch (error) {
        this.#fail?.(error as Error);
      }
      if (this.#received >= this.#wanted) this.#complete?.();
    });
    socket.on("close", () => this.#fail?.(new Error("the server closed the connection")));
  }

  /** Connects. What comes later are messages of one size, or compressed ones. */
  static async open(port: number, size: number, compressed = false): Promise<Peer> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.write(openingRequest("/", compressed ? "context" : "off", {}));
    const [answer] = (await once(socket, "data")) as [Buffer];
    negotiatedExtension(answer.toString("latin1").split("\r\n\r\n")[0] ?? "");
    return new Peer(socket, new CountedReplies({ compressed, size }));
  }

  /** Resolves when so many more messages have come. */
  async next(messages: number): Promise<void> {
    this.#wanted += messages;
    if (this.#received >= this.#wanted) return;
    await new Promise<void>((resolve, reject) => {
      this.#complete = resolve;
      this.#fail = reject;
    });
    this.#complete = undefined;
  }
}

/** Opens connections one after the other. */
export async function openPeers(
  count: number,
  port: number,
  size: number,
  compressed?: boolean,
): Promise<Peer[]> {
  const peers: Peer[] = [];
  while (peers.length < count) peers.push(await Peer.open(port, size, compressed));
  return peers;
}

/** The frames of some text messages in one write. */
export function textFrames(text: string, count: number): Buffer {
  const frame = clientFrame(Buffer.from(text), 0x37fa213d, { text: true, compressed: false });
  return Buffer.concat(new Array<Buffer>(count).fill(frame));
}
