import { parseCookie } from "cookie";
import type { Middleware } from "../application/application.ts";
import { type Scope, widen } from "../application/scope.ts";
import { UsageError } from "../errors.ts";
import { bareRecord } from "../internal/bare-record.ts";
import { publish } from "./diagnostics.ts";

/** What {@link cookies} adds to a scope. */
export interface CookieScope {
  /**
   * The client's cookies, percent-decoded where that can be done; of one name the first. Frozen, and
   * without a prototype: `__proto__` is a name like any other.
   */
  readonly cookies: Readonly<Record<string, string>>;
  /**
   * Names that the client sent more than once. A browser does so when several paths or domains set
   * the same name: a neighbouring domain may have put one there.
   */
  readonly duplicateCookies: readonly string[];
}

/**
 * Adds `scope.cookies`. Nothing that a client sends makes it throw, and the header is parsed when it
 * is first asked for.
 *
 * ```ts
 * const websocket = stack(cookies(), (scope) => ({
 *   open: () => console.log(scope.cookies.theme),
 * }));
 * ```
 */
export function cookies(): Middleware<Scope, CookieScope> {
  if (arguments.length > 0) {
    throw new UsageError(
      "ERR_INVALID_OPTION",
      "cookies takes no options; in a stack it is called: stack(cookies(), application)",
    );
  }
  return (inner) => (scope, socket) => inner(withJar(scope) as never, socket);
}

/** Where a scope keeps its jar. A symbol, so that it goes along when the scope is widened. */
const jar: unique symbol = Symbol("cookies");

/** A scope that looks into its jar. */
interface JarScope extends Scope {
  readonly [jar]: CookieJar;
}

/**
 * A scope's prototype with the two getters below it; one for each prototype that scopes have. A
 * getter of each scope's own would give each its own hidden class.
 */
const prototypes = new WeakMap<object, object>();

function withJar(scope: Scope): Scope {
  const bare = Object.getPrototypeOf(scope) as object;
  let prototype = prototypes.get(bare);
  if (prototype === undefined) {
    prototype = Object.create(bare, getters) as object;
    prototypes.set(bare, prototype);
  }
  const empty = Object.create(prototype) as Scope;
  return widen(empty, { ...scope, [jar]: new CookieJar() }) as Scope;
}

const getters: PropertyDescriptorMap = {
  cookies: {
    get(this: JarScope) {
      return this[jar].open(this).cookies;
    },
  },
  duplicateCookies: {
    get(this: JarScope) {
      return this[jar].open(this).duplicateCookies;
    },
  },
};

/** The cookies of one connection, parsed once. */
class CookieJar {
  #contents: CookieScope | undefined;

  open(scope: Scope): CookieScope {
    if (this.#contents === undefined) {
      const header = scope.headers.cookie ?? "";
      const names = duplicates(header);
      this.#contents = { cookies: parse(header), duplicateCookies: names };
      if (names.length > 0) publish("sluice:cookie.duplicate", { scope, names });
    }
    return this.#contents;
  }
}

function parse(header: string): Readonly<Record<string, string>> {
  return Object.freeze(Object.assign(bareRecord<string>(), parseCookie(header)));
}

/** The names that stand there twice, as the parser cuts them. */
function duplicates(header: string): readonly string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const pair of header.split(";")) {
    const end = pair.indexOf("=");
    if (end < 0) continue;
    const name = pair.slice(0, end).replace(/^[ \t]+|[ \t]+$/g, "");
    if (seen.has(name)) twice.add(name);
    seen.add(name);
  }
  return Object.freeze([...twice]);
}
