import type { Scope } from "../application/scope.ts";

/** Where a client may put its token: a header, the list of subprotocols, or its first message. */
export type TokenPlace = "header" | "subprotocol" | "message";

/** What a handshake says of a token. */
export interface PresentedToken {
  readonly token: string | undefined;
  /** The subprotocols that are ones: without those that only carry a token. */
  readonly subprotocols: readonly string[];
}

/**
 * Finds the token in a handshake: `Authorization: Bearer …`, or the entry `bearer.…` in the list of
 * subprotocols, which is the only header that a page can write. Of several, the first counts.
 */
export function presentedToken(
  scope: Scope,
  from: readonly TokenPlace[],
  scheme: string,
): PresentedToken {
  const { subprotocols } = scope;
  const header = from.includes("header") ? inHeader(scope.headers.authorization) : undefined;
  if (!from.includes("subprotocol")) return { token: header, subprotocols };
  const prefix = `${scheme}.`;
  const carrier = subprotocols.find((name) => name.startsWith(prefix));
  if (carrier === undefined) return { token: header, subprotocols };
  return {
    token: header ?? carrier.slice(prefix.length),
    subprotocols: subprotocols.filter((name) => !name.startsWith(prefix)),
  };
}

/** RFC 6750 §2.1; the scheme's case does not count (RFC 9110 §11.1). */
function inHeader(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(\S+)$/i.exec(authorization)?.[1];
}
