import { randomBytes } from "node:crypto";
import type { Scope } from "../application/scope.ts";
import type { Socket } from "../application/socket.ts";
import type { Clock } from "../internal/clock.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";
import type { CookieScope } from "./cookies.ts";
import { publish } from "./diagnostics.ts";
import { endings } from "./ending.ts";
import { IdSigner } from "./id-signer.ts";
import { Roster } from "./roster.ts";
import type { SessionStore, StoredCookie } from "./session-store.ts";
import { SessionVisit } from "./session-visit.ts";
import { StoreAccess } from "./store-access.ts";
import { watchDestroy } from "./store-watch.ts";

/** What a {@link SessionDesk} is told. */
export interface SessionDeskOptions {
  readonly store: SessionStore;
  readonly secrets: readonly string[];
  readonly name: string;
  readonly prefix: string;
  readonly cookie: Omit<StoredCookie, "expires">;
  readonly duplicates: "first" | "refuse";
  readonly recheckInterval: number;
  readonly storeTimeout: number;
  readonly layer: ChannelLayer | undefined;
  readonly clock: Pick<Clock, "now" | "after">;
}

/** What all connections behind one `sessions()` have in common. */
export class SessionDesk {
  readonly store: StoreAccess;
  readonly options: SessionDeskOptions;
  readonly roster: Roster<SessionVisit>;
  readonly #signer: IdSigner;

  constructor(options: SessionDeskOptions) {
    const { clock, recheckInterval } = options;
    this.options = options;
    this.store = new StoreAccess(options.store, clock, options.storeTimeout);
    this.roster = new Roster({
      of: "session",
      clock,
      recheckInterval,
      recheck: (visits) => this.#recheck(visits),
      ending: endings.sessionRevoked,
    });
    if (options.layer !== undefined) this.roster.know(options.layer);
    this.#signer = new IdSigner(options.secrets);
    watchDestroy(options.store, (id) => this.roster.end(id, endings.sessionRevoked));
  }

  /** Somebody connects, with a session or without. */
  receive(scope: Scope & CookieScope, socket: Socket): SessionVisit {
    const { name, duplicates } = this.options;
    const value = scope.cookies[name];
    if (value === undefined) return new SessionVisit(this, scope, socket, undefined);
    const isRefused = duplicates === "refuse" && scope.duplicateCookies.includes(name);
    const id = isRefused ? undefined : this.#signer.verify(value);
    if (id === undefined) {
      publish("sluice:session.reject", { scope, reason: isRefused ? "duplicate" : "signature" });
    }
    return new SessionVisit(this, scope, socket, id);
  }

  /** An id that nobody guesses: 256 random bits. */
  makeId(): string {
    return randomBytes(32).toString("base64url");
  }

  /** The value of the cookie for an id. */
  sign(id: string): string {
    return this.options.prefix + this.#signer.sign(id);
  }

  /** One read for all connections of a session. What never was there is nothing that has ended. */
  async #recheck(visits: ReadonlySet<SessionVisit>): Promise<boolean> {
    const [first] = visits;
    if (first?.id === undefined) return true;
    const record = await this.store.read(first.id);
    if (record === undefined) return ![...visits].some(({ found }) => found);
    for (const visit of visits) visit.found = true;
    return true;
  }
}
