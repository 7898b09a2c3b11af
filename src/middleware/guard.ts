import type { Application } from "../application/application.ts";
import type { Handler } from "../application/handler.ts";
import { type Scope, widen } from "../application/scope.ts";
import type { AcceptOptions, Socket } from "../application/socket.ts";
import type { Clock } from "../internal/clock.ts";
import { end, endings } from "./ending.ts";
import { Expiry } from "./expiry.ts";
import { FirstMessage } from "./first-message.ts";
import { type PresentedToken, presentedToken, type TokenPlace } from "./presented-token.ts";
import { Roster } from "./roster.ts";
import { UserHandler } from "./user-handler.ts";
import { UserVisit } from "./user-visit.ts";
import { WrappedSocket } from "./wrapped-socket.ts";

/** What a {@link Guard} is told. */
export interface GuardOptions<U> {
  readonly verify: (credentials: {
    readonly token: string | undefined;
    readonly scope: Scope;
  }) => U | null | Promise<U | null>;
  readonly id: ((user: U) => string | number) | undefined;
  readonly expiresIn: ((user: U) => number | undefined) | undefined;
  readonly from: readonly TokenPlace[];
  readonly scheme: string;
  readonly required: boolean;
  readonly authDeadline: number;
  readonly refresh: boolean;
  readonly readToken: (message: string, first: boolean) => string | undefined;
  readonly recheck: ((user: U) => boolean | Promise<boolean>) | undefined;
  readonly recheckInterval: number;
  readonly clock: Pick<Clock, "now" | "after">;
}

/** Somebody who comes with the scope that the application will see. */
interface Arrival {
  readonly inner: Application<never>;
  readonly scope: Scope;
  readonly socket: Socket;
}

/** Asks who somebody is, lets them in or not, and looks after them while they are there. */
export class Guard<U> {
  readonly #options: GuardOptions<U>;
  readonly #roster: Roster<UserVisit<U>>;

  constructor(options: GuardOptions<U>) {
    const { clock, recheck, recheckInterval } = options;
    this.#options = options;
    this.#roster = new Roster({
      of: "user",
      clock,
      recheckInterval: recheck === undefined ? Number.POSITIVE_INFINITY : recheckInterval,
      recheck: async (visits) => {
        const [first] = visits;
        return first === undefined || (await recheck?.(first.user)) !== false;
      },
      ending: endings.userDisconnected,
    });
  }

  /** Handles one connection, up to the handler that it gets. */
  async admit(inner: Application<never>, outer: Scope, socket: Socket): Promise<Handler> {
    const { from, scheme, required } = this.#options;
    const presented = presentedToken(outer, from, scheme);
    const { token, subprotocols } = presented;
    const isConcealing = subprotocols.length < outer.subprotocols.length;
    const scope = isConcealing ? (widen(outer, { subprotocols }) as Scope) : outer;
    let user: U | null;
    try {
      user = await this.#options.verify({ token, scope });
    } catch (error) {
      // Refused first: what is thrown after that is only reported.
      socket.reject(503, { headers: { "retry-after": "1" } });
      throw error;
    }
    const echoing = isConcealing ? new EchoingSocket(socket, subprotocols[0]) : undefined;
    const arrival: Arrival = { inner, scope, socket: echoing ?? socket };
    if (user !== null) {
      const handler = await this.#enter(arrival, user, token !== undefined, echoing);
      return handler ?? refuse(socket);
    }
    if (from.includes("message") && token === undefined) return this.#wait(arrival, presented);
    return required ? refuse(socket) : call(arrival, null);
  }

  /** Lets the connection in without the application, to hear who it is. */
  #wait(arrival: Arrival, { subprotocols }: PresentedToken): Handler {
    const { clock, authDeadline, readToken, verify } = this.#options;
    const { inner, scope } = arrival;
    return new FirstMessage({
      socket: arrival.socket,
      subprotocol: subprotocols[0],
      deadline: authDeadline,
      timer: (callback) => new Expiry(clock, callback),
      name: inner.name,
      readToken: (message) => readToken(message, true),
      enter: async (token, socket) => {
        const user = await verify({ token, scope });
        return user === null ? undefined : this.#enter({ inner, scope, socket }, user, true);
      },
    });
  }

  /** Calls the application for a user; undefined if the token has just expired. */
  async #enter(
    arrival: Arrival,
    user: U,
    hasToken: boolean,
    echoing?: EchoingSocket,
  ): Promise<Handler | undefined> {
    const { clock, expiresIn, refresh, id } = this.#options;
    const { scope, socket } = arrival;
    const left = expiresIn?.(user);
    if (left !== undefined && !(left > 0)) return undefined;
    const visit = new UserVisit(scope, socket, user);
    const expiry = new Expiry(clock, () => visit.end(endings.tokenExpired));
    if (left !== undefined) {
      expiry.set(left);
      socket.signal.addEventListener("abort", () => expiry.cancel(), { once: true });
    }
    await this.#attend(visit, user, socket);
    if (visit.ended) return {};
    const handler = await call(arrival, user);
    const isRefreshing = refresh && id !== undefined && hasToken && left !== undefined;
    if (!isRefreshing && echoing === undefined) return handler;
    const { readToken } = this.#options;
    return new UserHandler(handler, arrival.inner.name, {
      socket: echoing,
      readToken: isRefreshing ? (message) => readToken(message, false) : undefined,
      refresh: (token) => this.#refresh(token, user, arrival, expiry),
    });
  }

  /** Puts a connection where `disconnectUser` finds it. */
  async #attend(visit: UserVisit<U>, user: U, socket: Socket): Promise<void> {
    if (this.#options.id === undefined || socket.signal.aborted) return;
    const id = String(this.#options.id(user));
    socket.signal.addEventListener("abort", () => this.#roster.remove(id, visit), { once: true });
    await this.#roster.add(id, visit);
  }

  /** The same user may stay for as long as the new token says; nobody else may take over. */
  async #refresh(token: string, before: U, arrival: Arrival, expiry: Expiry): Promise<void> {
    const { verify, id, expiresIn } = this.#options;
    const { scope, socket } = arrival;
    const user = await verify({ token, scope });
    const left = user === null ? 0 : (expiresIn?.(user) ?? Number.POSITIVE_INFINITY);
    const isSame = user !== null && id?.(user) === id?.(before);
    if (isSame && left > 0) expiry.set(left);
    else end(socket, endings.unauthenticated);
  }
}

/** A socket of a client that hid a token among its subprotocols. */
class EchoingSocket extends WrappedSocket {
  readonly #subprotocol: string | undefined;

  constructor(inner: Socket, subprotocol: string | undefined) {
    super(inner);
    this.#subprotocol = subprotocol;
  }

  /** A browser that offered some expects one of them; it is never the token. */
  override accept(options: AcceptOptions = {}): void {
    const echoed = this.#subprotocol === undefined ? {} : { subprotocol: this.#subprotocol };
    super.accept({ ...echoed, ...options });
  }
}

function call({ inner, scope, socket }: Arrival, user: unknown): Handler | Promise<Handler> {
  return inner(widen(scope, { user }) as never, socket);
}

function refuse(socket: Socket): Handler {
  // RFC 9110 §15.5.2 asks for it.
  socket.reject(401, { headers: { "www-authenticate": "Bearer" } });
  return {};
}
