import type { Http2Stream } from "node:http2";
import { DuplexTransport } from "./duplex-transport.ts";

/** What may be copied for a stream before it counts as full. */
const enough = 64 * 1024;

/** RFC 9113 §7: the error code that says that nobody wants a stream any more. */
const cancel = 0x8;

/**
 * A stream of HTTP/2 as a {@link Transport}. Its window is the backpressure in both directions: while
 * reading pauses the peer's is not opened again, and what is written waits until ours lets it go.
 */
export class StreamTransport extends DuplexTransport {
  readonly #stream: Http2Stream;

  constructor(stream: Http2Stream) {
    super(stream);
    this.#stream = stream;
    // Node waits for what nobody will read, if the peer resets a stream and calls that no error.
    stream.on("aborted", destroySoon);
  }

  write(chunk: Uint8Array): boolean {
    const stream = this.#stream;
    if (!stream.writable) return true;
    // A session sends later, whatever room there is. Without a copy each chunk would be kept, and each
    // `onDrain` be taken for a sign of life; so a stream is full when more waits than a window takes.
    if (!this.kept && stream.writableLength + chunk.length <= enough) {
      stream.write(Buffer.from(chunk));
      return true;
    }
    stream.write(chunk, this.keep());
    return false;
  }

  /**
   * RFC 9113 §8.1: when our half is complete, the peer need not go on with its own, and is told so without
   * an error. Some proxies leave their half open for ever.
   */
  override end(): void {
    const stream = this.#stream;
    if (stream.writableEnded) return;
    stream.once("finish", close);
    super.end();
  }

  /** RFC 8441 §5: what is a reset of TCP elsewhere is RST_STREAM with CANCEL here. */
  override destroy(): void {
    this.#stream.close(cancel);
    super.destroy();
  }
}

/** Not at once: a reset of our own tells of itself before it is sent. */
function destroySoon(this: Http2Stream): void {
  queueMicrotask(() => this.destroy());
}

function close(this: Http2Stream): void {
  this.close();
}
