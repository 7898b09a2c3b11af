import type { Scope } from "../application/scope.ts";
import type { Socket } from "../application/socket.ts";
import { type Ending, end } from "./ending.ts";
import type { Attendee } from "./roster.ts";

/** One connection and the user behind it. */
export class UserVisit<U> implements Attendee {
  readonly scope: Scope;
  readonly user: U;
  readonly #socket: Socket;
  #ended = false;

  constructor(scope: Scope, socket: Socket, user: U) {
    this.scope = scope;
    this.user = user;
    this.#socket = socket;
  }

  /** Whether it was ended from outside. */
  get ended(): boolean {
    return this.#ended;
  }

  end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    end(this.#socket, ending);
  }
}
