import { createHmac } from "node:crypto";
import type { SessionStore, StoredSession } from "sluice";

/** What the session of the `json` application is signed with. */
export const secret = "only to measure with";

/** The id of the one session that there is. */
const sessionId = "benchmark";

/** What the cookie of that session holds: its id as express-session signs it. */
export const sessionCookie: string = `s:${signed(sessionId)}`;

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

/** A value followed by its HMAC. */
function signed(value: string): string {
  const code = createHmac("sha256", secret).update(value).digest("base64").replace(/=+$/, "");
  return encodeURIComponent(`${value}.${code}`);
}
