import { isPromise } from "../application/mailbox.ts";
import { SessionError } from "../errors.ts";
import { bareRecord } from "../internal/bare-record.ts";
import { type Clock, calendar } from "../internal/clock.ts";
import type { SessionStore, StoredCookie, StoredSession } from "./session-store.ts";

/** A session that was read. */
export interface SessionRecord {
  /** The user's own, not shared with anybody, without a prototype. */
  readonly data: Record<string, unknown>;
  readonly cookie: StoredCookie;
}

/**
 * A session store with promises, with a deadline, and not believed: what it gives back is checked.
 * Every method rejects with a SessionError `ERR_SESSION_STORE` when the store fails in any way.
 */
export class StoreAccess {
  readonly #store: SessionStore;
  readonly #clock: Pick<Clock, "after">;
  readonly #timeout: number;

  constructor(store: SessionStore, clock: Pick<Clock, "after">, timeout: number) {
    this.#store = store;
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** Reads a session; undefined if there is none, or if it has expired. */
  async read(id: string): Promise<SessionRecord | undefined> {
    const stored = await this.#call("get", (done) => this.#store.get(id, done));
    // As express-session does: false and "" are none, too.
    if (!stored) return undefined;
    if (typeof stored !== "object" || Array.isArray(stored)) {
      throw failure(`get gave ${Array.isArray(stored) ? "an array" : `a ${typeof stored}`}`);
    }
    const { cookie, ...data } = stored as Partial<StoredSession>;
    const kept = keptCookie(cookie);
    if (kept.expires && calendar.read(kept.expires) <= calendar.now()) return undefined;
    try {
      // A store in memory may hand out the very object that HTTP requests work on.
      return { data: Object.assign(bareRecord<unknown>(), structuredClone(data)), cookie: kept };
    } catch (cause) {
      throw failure("get gave something that cannot be copied", cause);
    }
  }

  /** Writes a session. */
  async write(id: string, { data, cookie }: SessionRecord): Promise<void> {
    const stored: StoredSession = { ...data, cookie: withMaxAge(cookie) };
    await this.#call("set", (done) => this.#store.set(id, stored as never, done));
  }

  /** Lets a session live for another `originalMaxAge`, or as long as the store lets it. */
  async extend(id: string, { data, cookie }: SessionRecord): Promise<void> {
    const age = cookie.originalMaxAge;
    const renewed =
      typeof age === "number"
        ? { ...cookie, expires: calendar.date(calendar.now() + age) }
        : cookie;
    if (this.#store.touch === undefined) return this.write(id, { data, cookie: renewed });
    const stored: StoredSession = { ...data, cookie: withMaxAge(renewed) };
    await this.#call("touch", (done) => this.#store.touch!(id, stored as never, done));
  }

  /** Removes a session. */
  async remove(id: string): Promise<void> {
    await this.#call("destroy", (done) => this.#store.destroy(id, done));
  }

  #call(
    method: string,
    start: (done: (error: unknown, result?: unknown) => void) => unknown,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const lift = this.#clock.after(this.#timeout, () => {
        reject(failure(`${method} took more than ${this.#timeout} ms`));
      });
      const done = (error: unknown, result?: unknown): void => {
        lift();
        if (!error || isNone(error)) resolve(error ? undefined : result);
        else reject(failure(`${method} failed`, error));
      };
      try {
        const returned = start(done);
        // Of a store that is an async function inside, not even a bug may go unhandled.
        if (isPromise(returned)) returned.then(undefined, done);
      } catch (error) {
        done(error ?? new Error("no reason given"));
      }
    });
  }
}

/** A cookie's attributes, on their own: a store in memory may give an object with methods. */
function keptCookie(cookie: unknown): StoredCookie {
  if (typeof cookie !== "object" || cookie === null) return {};
  const own =
    "toJSON" in cookie && typeof cookie.toJSON === "function"
      ? (cookie.toJSON() as StoredCookie)
      : (cookie as StoredCookie);
  const time = own.expires ? calendar.read(own.expires) : Number.NaN;
  return { ...own, expires: Number.isNaN(time) ? null : calendar.date(time) };
}

/** Some stores ask the cookie for its `maxAge`, which is never written down. */
function withMaxAge(cookie: StoredCookie): StoredCookie {
  const copy = { ...cookie };
  return Object.defineProperty(copy, "maxAge", {
    get: () => (copy.expires ? calendar.read(copy.expires) - calendar.now() : null),
  });
}

function isNone(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ENOENT";
}

function failure(what: string, cause?: unknown): SessionError {
  return new SessionError("ERR_SESSION_STORE", `the session store's ${what}`, { cause });
}
