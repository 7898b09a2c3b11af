import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { SocketTransport } from "../connection/socket-transport.ts";
import type { Transport } from "../connection/transport.ts";
import { HandshakeError } from "../errors.ts";
import { type Handshake, judgeHandshake } from "../protocol/handshake.ts";
import {
  type Agreed,
  handshakeResponse,
  type OutgoingHeaders,
  refusalResponse,
} from "../protocol/handshake-response.ts";
import type { Opening, Refusal } from "./opening.ts";
import { refuse } from "./refusal.ts";

/** An opening handshake over HTTP/1.1, as node:http hands it over with its `upgrade` event. */
export class UpgradeOpening implements Opening {
  readonly httpVersion = "1.1";
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  #key = "";

  constructor(request: IncomingMessage, socket: Socket, head: Buffer) {
    this.request = request;
    this.socket = socket;
    this.head = head;
  }

  get target(): string {
    return this.request.url ?? "";
  }

  get rawHeaders(): readonly string[] {
    return this.request.rawHeaders;
  }

  get address(): string {
    return this.socket.remoteAddress ?? "";
  }

  get port(): number {
    return this.socket.remotePort ?? 0;
  }

  get encrypted(): boolean {
    return "encrypted" in this.socket && this.socket.encrypted === true;
  }

  get gone(): boolean {
    return this.socket.destroyed;
  }

  judge(maxHeaders: number): Handshake | HandshakeError {
    const { method = "", httpVersion, rawHeaders } = this.request;
    const { target, head } = this;
    const judged = judgeHandshake(
      { method, target, httpVersion, rawHeaders, head },
      { maxHeaders },
    );
    if (!(judged instanceof HandshakeError)) this.#key = judged.key;
    return judged;
  }

  transport(): Transport {
    return new SocketTransport(this.socket);
  }

  accept(agreed: Agreed): void {
    this.socket.write(handshakeResponse({ ...agreed, key: this.#key }), "latin1");
  }

  reject(status: number, o: { readonly headers?: OutgoingHeaders; readonly body?: string }): void {
    this.socket.end(refusalResponse(status, o));
  }

  refuse(why: Refusal): void {
    refuse(this.socket, this.target, why);
  }
}
