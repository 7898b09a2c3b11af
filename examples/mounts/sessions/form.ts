import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a form was sent by a page of this host. Browsers name the page's origin with every POST, and
 * no page can make them name another one: so nobody else's page logs our visitors in or out.
 */
export function isFromOurPage({ origin = "", host }: IncomingHttpHeaders): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** The name in the login form; undefined if there is none to speak of. */
export function nameIn(form: unknown): string | undefined {
  const { name } = (form ?? {}) as { readonly name?: unknown };
  if (typeof name !== "string") return undefined;
  const trimmed = name.trim();
  return trimmed === "" || trimmed.length > 40 ? undefined : trimmed;
}
