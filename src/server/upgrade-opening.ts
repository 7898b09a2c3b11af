import type { Socket } from "node:net";
import type { SocketTransport } from "../connection/socket-transport.ts";
import type { Transport } from "../connection/transport.ts";
import { HandshakeError } from "../errors.ts";
import { type Handshake, type HandshakeRequest, judgeHandshake } from "../protocol/handshake.ts";
import {
  type Agreed,
  handshakeResponse,
  type OutgoingHeaders,
  refusalResponse,
} from "../protocol/handshake-response.ts";
import type { Opening, Refusal } from "./opening.ts";
import { refuse } from "./refusal.ts";

/** An opening handshake over HTTP/1.1. */
export class UpgradeOpening implements Opening {
  readonly httpVersion = "1.1";
  readonly #request: HandshakeRequest;
  readonly #socket: Socket;
  readonly #transport: SocketTransport;
  #key = "";

  constructor(request: HandshakeRequest, socket: Socket, transport: SocketTransport) {
    this.#request = request;
    this.#socket = socket;
    this.#transport = transport;
  }

  get target(): string {
    return this.#request.target;
  }

  get rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  get head(): Uint8Array {
    return this.#request.head ?? nothing;
  }

  get address(): string {
    return this.#socket.remoteAddress ?? "";
  }

  get port(): number {
    return this.#socket.remotePort ?? 0;
  }

  get encrypted(): boolean {
    return "encrypted" in this.#socket && this.#socket.encrypted === true;
  }

  get gone(): boolean {
    return this.#socket.destroyed;
  }

  judge(maxHeaders: number): Handshake | HandshakeError {
    const judged = judgeHandshake(this.#request, { maxHeaders });
    if (!(judged instanceof HandshakeError)) this.#key = judged.key;
    return judged;
  }

  hold(): void {
    this.#transport.pause();
  }

  transport(): Transport {
    this.#transport.resume();
    return this.#transport;
  }

  accept(agreed: Agreed): void {
    this.#socket.write(handshakeResponse({ ...agreed, key: this.#key }), "latin1");
  }

  reject(status: number, o: { readonly headers?: OutgoingHeaders; readonly body?: string }): void {
    this.#socket.end(refusalResponse(status, o));
  }

  refuse(why: Refusal): void {
    refuse(this.#socket, this.target, why);
  }
}

const nothing = new Uint8Array(0);
