/**
 * Which pages may open a socket, judged before any code of the application runs:
 * - `"same-host"`: pages of the host that is asked, with the same scheme and port;
 * - a list of origins: `"https://example.com"`, `"https://example.com:8443"`, or
 *   `"https://*.example.com"` for every subdomain;
 * - `"insecure-any"`: every page of the web, with its visitors' cookies.
 *
 * A client without an `Origin` header, which is not a browser, is accepted unless `requireOrigin`.
 */
export type OriginPolicy =
  | OriginRule
  | { readonly allow: OriginRule; readonly requireOrigin?: boolean };

/** The part of an {@link OriginPolicy} that says which origins are allowed. */
export type OriginRule = "same-host" | "insecure-any" | readonly string[];
