import { stringifySetCookie } from "cookie";
import { SessionError, UsageError } from "../errors.ts";
import { bareRecord } from "../internal/bare-record.ts";
import { calendar } from "../internal/clock.ts";
import { publish } from "./diagnostics.ts";
import { endings } from "./ending.ts";
import type { StoredCookie } from "./session-store.ts";
import type { SessionVisit } from "./session-visit.ts";
import type { SessionRecord } from "./store-access.ts";

/**
 * The session of one connection: what the web framework knows of the browser.
 *
 * ```ts
 * const { username } = await this.scope.session.load();
 * ```
 *
 * Nothing is read before it is asked for, and nothing is written but by {@link save}: a socket has no
 * end of a response at which that could happen by itself. Every method rejects with a SessionError
 * `ERR_SESSION_STORE` when the store fails.
 *
 * `T` is what the application keeps there; somebody who has not logged in has none of it.
 */
export class Session<T extends object = Record<string, unknown>> {
  readonly #visit: SessionVisit;
  #data: Partial<T> | undefined;
  #cookie: StoredCookie | undefined;
  #loading: Promise<Partial<T>> | undefined;

  /** @internal */
  constructor(visit: SessionVisit) {
    this.#visit = visit;
  }

  /** Its id, which is as good as a password; undefined for a client without a session. */
  get id(): string | undefined {
    return this.#visit.id;
  }

  /** Whether it is in the store, as far as is known: false before it is loaded. */
  get exists(): boolean {
    return this.#visit.found && !this.#visit.ended;
  }

  /**
   * What is in it, as of the last {@link load} or {@link reload}. Yours to change; {@link save} writes
   * it. With the option `required` it is loaded from the beginning.
   * @throws UsageError `ERR_SESSION_NOT_LOADED`.
   */
  get data(): Partial<T> {
    if (this.#data === undefined) {
      throw new UsageError("ERR_SESSION_NOT_LOADED", "the session is not loaded: await load()");
    }
    return this.#data;
  }

  /** Reads it once and resolves with what is in it; without a session, with an empty object. */
  load(): Promise<Partial<T>> {
    if (this.#data !== undefined) return Promise.resolve(this.#data);
    this.#loading ??= this.reload().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /**
   * Reads it again, before something that takes rights for example. What was not saved is forgotten.
   * If it has ended in the meantime the connection is closed with 4510.
   */
  async reload(): Promise<Partial<T>> {
    const record = await this.#read();
    this.#cookie = record?.cookie;
    this.#data = (record?.data ?? bareRecord()) as Partial<T>;
    return this.#data;
  }

  /**
   * Writes it, as a whole: of two who write at the same time, the last one wins. A client without a
   * session gets one; hand it {@link setCookie}.
   *
   * A session that was destroyed does not come back to life by this.
   * @throws SessionError (as a rejection) `ERR_SESSION_ENDED`, UsageError `ERR_SESSION_NOT_LOADED`.
   */
  async save(): Promise<void> {
    const { desk, found, issued } = this.#visit;
    const { data } = this;
    if (found) this.#cookie = (await this.#readLive()).cookie;
    // An id that the store does not know is not taken from a client.
    else if (!issued) await this.#issue();
    await desk.store.write(this.#visit.id!, { data: { ...data }, cookie: this.#attributes });
    this.#visit.found = true;
  }

  /**
   * Lets it live on as if the client had made a request; its data stays as it is stored.
   * @throws SessionError (as a rejection) `ERR_SESSION_ENDED`.
   */
  async touch(): Promise<void> {
    if (this.#visit.id === undefined || (this.#visit.issued && !this.#visit.found)) return;
    await this.#visit.desk.store.extend(this.#visit.id, await this.#readLive());
  }

  /** Destroys it: a logout. All its connections are closed with 4510, this one too. */
  async destroy(): Promise<void> {
    const { id, desk } = this.#visit;
    this.#data = bareRecord() as Partial<T>;
    this.#cookie = undefined;
    if (id === undefined) return;
    await desk.store.remove(id);
    // Through another store object, perhaps: whatever was not told by it is told here.
    this.#visit.end(endings.sessionRevoked);
  }

  /**
   * Destroys it, and goes on with an empty one under a new id: what a login does, so that nobody
   * knows the id from before. The other connections of the old one are closed with 4510.
   *
   * {@link save} writes it. The browser learns of it by {@link setCookie}: before the connection is
   * accepted as a header of `accept`, afterwards over HTTP.
   */
  async regenerate(): Promise<void> {
    const { id, desk } = this.#visit;
    await this.#issue();
    this.#data = bareRecord() as Partial<T>;
    this.#cookie = undefined;
    if (id !== undefined) await desk.store.remove(id);
  }

  /** The `Set-Cookie` header that gives this session to the browser. */
  setCookie(): string {
    const { id, desk } = this.#visit;
    if (id === undefined) {
      throw new UsageError("ERR_SESSION_NOT_LOADED", "there is no session yet: await save()");
    }
    const { expires, ...attributes } = this.#attributes;
    return stringifySetCookie(desk.options.name, desk.sign(id), {
      ...attributes,
      ...(expires ? { expires } : {}),
    });
  }

  async #read(): Promise<SessionRecord | undefined> {
    const { id, desk, scope } = this.#visit;
    if (id === undefined) return undefined;
    const record = await desk.store.read(id);
    if (record !== undefined) this.#visit.found = true;
    else if (this.#visit.found) this.#visit.end(endings.sessionRevoked);
    else publish("sluice:session.reject", { scope, reason: "unknown" });
    return record;
  }

  async #readLive(): Promise<SessionRecord> {
    this.#assertLive();
    const record = await this.#read();
    this.#assertLive();
    if (record === undefined) throw ended();
    return record;
  }

  #assertLive(): void {
    if (this.#visit.ended) throw ended();
  }

  /** Goes on under an id of our own that is not in the store yet. */
  async #issue(): Promise<void> {
    this.#assertLive();
    this.#visit.issued = true;
    this.#visit.found = false;
    await this.#visit.move(this.#visit.desk.makeId());
  }

  /** The attributes of its cookie: as they are stored, or those of a new one. */
  get #attributes(): StoredCookie {
    if (this.#cookie === undefined) {
      const { cookie } = this.#visit.desk.options;
      const age = cookie.originalMaxAge;
      this.#cookie = {
        path: "/",
        httpOnly: true,
        secure: this.#visit.scope.secure,
        sameSite: "lax",
        ...cookie,
        expires: typeof age === "number" ? calendar.date(calendar.now() + age) : null,
      };
    }
    return this.#cookie;
  }
}

function ended(): SessionError {
  return new SessionError("ERR_SESSION_ENDED", "the session was destroyed or has expired");
}
