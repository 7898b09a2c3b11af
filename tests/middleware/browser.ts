import { sign } from "cookie-signature";

/** The secret that the tests' web framework signs with. */
export const secret = "keyboard cat";

/** A cookie as express-session sets it. */
export function expressCookie(id: string, key: string = secret, name = "connect.sid"): string {
  return `${name}=${encodeURIComponent(`s:${sign(id, key)}`)}`;
}

/** Lets everything that is settled have its consequences. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
