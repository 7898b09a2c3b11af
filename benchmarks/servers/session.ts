import type { SessionStore, StoredSession } from "sluice";

/** What the session of the `json` application is signed with. */
export const secret = "only to measure with";

/** The id of the one session that there is. */
export const sessionId = "benchmark";

/** A store with one session, in memory, that answers as a store does: later. */
export const store: SessionStore = {
  get(_id, callback) {
    const session: StoredSession = { cookie: { originalMaxAge: null }, username: "somebody" };
    setImmediate(callback, null, session);
  },
  set(_id, _session, callback) {
    setImmediate(callback);
  },
  destroy(_id, callback) {
    setImmediate(callback);
  },
};
