import type { ChannelLayer } from "../layers/channel-layer.ts";

/**
 * What is known of a connection before its first message. It is frozen: a middleware that adds
 * something makes a new scope with {@link widen}.
 */
export interface Scope {
  readonly httpVersion: "1.1" | "2";
  /** Whether the client reached us over TLS, or says so through a trusted proxy. */
  readonly secure: boolean;
  /** The path, percent-decoded except for `%2F` and `%25`, dot segments removed, without the query. */
  readonly path: string;
  /** The query, parsed on first use. */
  readonly query: URLSearchParams;
  /** Header names in lower case; repeated ones joined by ", ", cookies by "; ". Made on first use. */
  readonly headers: Readonly<Record<string, string>>;
  /** The subprotocols that the client offered, in its order of preference. */
  readonly subprotocols: readonly string[];
  /** The client's address, or what a trusted proxy says of it. */
  readonly client: { readonly address: string; readonly port: number };
  /** The parameters of the routes that matched, decoded. */
  readonly params: object;
  /** The server's channel layer. */
  readonly layer: ChannelLayer;
}

/**
 * Makes a new frozen scope that has everything of `scope` and, in addition or instead, `additions`.
 * The given scope stays as it is.
 */
export function widen<S extends Scope, A extends object>(
  scope: S,
  additions: A,
): Omit<S, keyof A> & A {
  const widened = Object.create(Object.getPrototypeOf(scope) as object | null) as Keyed;
  copy(scope as Keyed, widened);
  copy(additions as Keyed, widened);
  return Object.freeze(widened) as Omit<S, keyof A> & A;
}

type Keyed = Record<PropertyKey, unknown>;

/** Copies what is `from`'s own, symbols too. What a class computes may be replaced by a value. */
function copy(from: Keyed, to: Keyed): void {
  for (const key of Reflect.ownKeys(from)) {
    if (key in to) Object.defineProperty(to, key, { value: from[key], enumerable: true });
    else to[key] = from[key];
  }
}
