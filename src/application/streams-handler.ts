import type { SlowPolicy } from "../internal/send-options.ts";
import type { Handler } from "./handler.ts";
import type { Socket } from "./socket.ts";
import { readFrame, refusedFrame, type StreamFrame, unknownFrame } from "./stream-frame.ts";
import type { StreamLink, Trunk } from "./stream-link.ts";

/** The handler of a connection that carries streams: it hands on what comes to the right one. */
export class StreamsHandler implements Handler, Trunk {
  readonly name = "streams";
  readonly slow: SlowPolicy;
  readonly socket: Socket;
  readonly #links: ReadonlyMap<string, StreamLink>;
  readonly #unknown: "error" | "close";
  /** Who wants reading to pause. */
  readonly #paused = new Set<string>();
  /** What the peer is told of refused streams once there is a connection to tell it on. */
  readonly #refusals: string[] = [];
  #answered = false;
  #answer: () => void = () => {};

  constructor(
    socket: Socket,
    makeLinks: (trunk: Trunk) => ReadonlyMap<string, StreamLink>,
    { slow, unknown }: { readonly slow: SlowPolicy; readonly unknown: "error" | "close" },
  ) {
    this.socket = socket;
    this.slow = slow;
    this.#unknown = unknown;
    this.#links = makeLinks(this);
  }

  // The Handler.

  open(): void | Promise<void> {
    for (const link of this.#links.values()) link.start();
    if (this.#answered) return;
    return new Promise((resolve) => {
      this.#answer = resolve;
      // Streams that are still connecting must hear at once that the peer has left.
      this.socket.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  text(message: string): void {
    let frame: StreamFrame | undefined;
    try {
      frame = readFrame(message);
    } catch {
      return this.socket.close(1007, "text message is not valid JSON");
    }
    if (frame === undefined) return this.socket.close(1008, "message is no frame of a stream");
    const link = this.#links.get(frame.stream);
    if (link === undefined) return this.#refuseUnknown(frame.stream);
    if ("payload" in frame) return link.onText(frame.payload);
    link.onEnd(frame.closed.code, frame.closed.reason);
    this.ended();
  }

  disconnect(code: number, reason: string): Promise<unknown> {
    const links = [...this.#links.values()];
    for (const link of links) link.onEnd(code, reason);
    return Promise.all(links.map(({ finished }) => finished));
  }

  // The Trunk.

  accept(): void {
    if (!this.socket.accepted) this.socket.accept();
    this.#settle();
    for (const refusal of this.#refusals.splice(0)) this.socket.send(refusal);
  }

  refuse(stream: string, status: number, body: string | undefined): void {
    const refusal = refusedFrame(stream, status, body);
    if (this.socket.accepted) return this.socket.send(refusal);
    this.#refusals.push(refusal);
    if (this.#refusals.length < this.#links.size) return;
    this.socket.reject(status, body === undefined ? {} : { body });
    this.#settle();
  }

  pause(who: string): void {
    this.#paused.add(who);
    if (this.#paused.size === 1) this.socket.pause();
  }

  resume(who: string): void {
    if (this.#paused.delete(who) && this.#paused.size === 0) this.socket.resume();
  }

  ended(): void {
    if (!this.socket.accepted) return;
    for (const { ended } of this.#links.values()) if (!ended) return;
    this.socket.close(1000, "all streams have ended");
  }

  #settle(): void {
    this.#answered = true;
    this.#answer();
  }

  #refuseUnknown(stream: string): void {
    if (this.#unknown === "close") this.socket.close(1008, "no such stream");
    else this.socket.send(unknownFrame(stream));
  }
}
