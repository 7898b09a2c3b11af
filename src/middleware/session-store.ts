/**
 * A store of sessions, as `express-session` and `@fastify/session` define it: any of their stores
 * will do. An error whose `code` is "ENOENT" means that there is no such session.
 *
 * What is written is a {@link StoredSession}. It is called `never` here because the frameworks let
 * an application declare what is in a session, each in its own way.
 */
export interface SessionStore {
  /** Reads a session; none is null or undefined. */
  get(id: string, callback: (error: unknown, session?: object | null) => void): unknown;
  /** Writes a session. How long it lives is up to its `cookie`, or to the store. */
  set(id: string, session: never, callback: (error?: unknown) => void): unknown;
  /** Removes a session. */
  destroy(id: string, callback: (error?: unknown) => void): unknown;
  /** Lets a session live on, without writing its data. Stores without it are written to. */
  touch?(id: string, session: never, callback: (error?: unknown) => void): unknown;
}

/** What is in a store: the data, and the cookie beside it. */
export interface StoredSession {
  readonly cookie: StoredCookie;
  readonly [key: string]: unknown;
}

/** The attributes of a session's cookie, as they are stored beside the session's data. */
export interface StoredCookie {
  /** When the session ends; null when it ends with the browser. */
  readonly expires?: Date | null;
  /** How long it lives from its last use, in milliseconds. */
  readonly originalMaxAge?: number | null;
  readonly path?: string;
  readonly domain?: string;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
  readonly sameSite?: boolean | "lax" | "strict" | "none";
}
