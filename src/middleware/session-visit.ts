import type { Scope } from "../application/scope.ts";
import type { Socket } from "../application/socket.ts";
import { type Ending, end } from "./ending.ts";
import type { Attendee } from "./roster.ts";
import type { SessionDesk } from "./session-desk.ts";

/** One connection and the id of its session, from the handshake to the end of the connection. */
export class SessionVisit implements Attendee {
  readonly desk: SessionDesk;
  readonly scope: Scope;
  /** Whether the store had the session at some time: then its absence is its end. */
  found = false;
  /** Whether the id is of our making, not the client's. */
  issued = false;
  readonly #socket: Socket;
  #id: string | undefined;
  #ended = false;
  #entered = false;

  constructor(desk: SessionDesk, scope: Scope, socket: Socket, id: string | undefined) {
    this.desk = desk;
    this.scope = scope;
    this.#socket = socket;
    this.#id = id;
  }

  /** The session's id; undefined if there is none. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Whether the session was ended while this connection was there. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Puts the connection on the roster, until it ends. */
  async enter(): Promise<void> {
    if (this.#id === undefined) return;
    if (!this.#entered) {
      const { signal } = this.#socket;
      if (signal.aborted) return;
      this.#entered = true;
      signal.addEventListener("abort", () => this.#leave(), { once: true });
    }
    await this.desk.roster.add(this.#id, this);
  }

  /** Goes on under another id. Those who stay behind are no longer of this session. */
  async move(id: string): Promise<void> {
    this.#leave();
    this.#id = id;
    await this.enter();
  }

  end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    end(this.#socket, ending);
  }

  #leave(): void {
    if (this.#id !== undefined) this.desk.roster.remove(this.#id, this);
  }
}
