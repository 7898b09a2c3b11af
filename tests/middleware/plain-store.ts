import type { SessionStore, StoredSession } from "sluice";

type Callback = (error: unknown, session?: object | null) => void;

/** A session store in memory that can be broken. */
export class PlainStore implements SessionStore {
  readonly sessions: Map<string, string> = new Map();
  /** The methods that were called, in order. */
  readonly calls: string[] = [];
  /** What happens instead, to every call. */
  fault: ((callback: Callback) => unknown) | undefined;

  get(id: string, callback: Callback): unknown {
    this.calls.push("get");
    if (this.fault !== undefined) return this.fault(callback);
    const text = this.sessions.get(id);
    callback(null, text === undefined ? null : (JSON.parse(text) as object));
  }

  set(id: string, session: StoredSession, callback: Callback): unknown {
    this.calls.push("set");
    if (this.fault !== undefined) return this.fault(callback);
    this.sessions.set(id, JSON.stringify(session));
    callback(null);
  }

  touch(id: string, session: StoredSession, callback: Callback): unknown {
    this.calls.push("touch");
    if (this.fault !== undefined) return this.fault(callback);
    if (this.sessions.has(id)) this.sessions.set(id, JSON.stringify(session));
    callback(null);
  }

  destroy(id: string, callback: Callback): unknown {
    this.calls.push("destroy");
    if (this.fault !== undefined) return this.fault(callback);
    this.sessions.delete(id);
    callback(null);
  }

  /** Puts a session there, as a web framework would. */
  put(id: string, data: object, cookie: object = { path: "/", originalMaxAge: null }): void {
    this.sessions.set(id, JSON.stringify({ cookie, ...data }));
  }

  /** What is there. */
  read(id: string): Record<string, unknown> | undefined {
    const text = this.sessions.get(id);
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }
}
