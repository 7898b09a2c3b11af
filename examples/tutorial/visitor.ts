import { createHash } from "node:crypto";
import { authenticate, type Middleware, type Scope, type UserScope } from "sluice";

/** Who somebody is to others. */
export interface Visitor {
  readonly id: string;
}

/** What the rooms and letters know of a connection. */
export type VisitorScope = Scope & UserScope<Visitor>;

/**
 * Tells visitors apart without a login. A page makes a secret for its tab and shows it when it connects,
 * as the subprotocol `bearer.<secret>`; its hash is the id that others see. So nobody can be somebody
 * else, and a server that was restarted knows them all again. A name is only what somebody says.
 */
export const visitors: Middleware<Scope, UserScope<Visitor>> = authenticate({
  from: ["subprotocol"],
  verify: ({ token }) =>
    token !== undefined && /^[\w-]{22,64}$/.test(token) ? { id: idOf(token) } : null,
});

function idOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url").slice(0, 16);
}
