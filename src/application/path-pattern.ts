import { UsageError } from "../errors.ts";
import { bareRecord, emptyRecord } from "../internal/bare-record.ts";
import { nameOfKind } from "../internal/name-of-kind.ts";

/** What a pattern found in a path: decoded, frozen and without a prototype, so any name is safe. */
export type PathParams = Readonly<Record<string, string>>;

/**
 * The parameters of a path, computed from its text.
 *
 * `Params<"/deploy/:taskId(\\d+)/:step/">` is `{ readonly taskId: string; readonly step: string }`.
 * Of a path that is only known as `string`, every parameter may be there.
 */
export type Params<T extends string> = string extends T
  ? PathParams
  : T extends unknown
    ? { readonly [Name in ParameterNames<T>]: string }
    : never;

/**
 * A path with holes in it, compiled once.
 *
 * As a string it begins with "/" and is matched character by character, but for its parameters:
 * - `:name` is one segment, or a part of one, and never empty. Where only text stands between two
 *   such parameters, the first one ends as early as it can: `/:a-:b/` finds "x" and "y-z" in `/x-y-z/`.
 * - `:name(regexp)` is whatever the regular expression matches, slashes included. It is compiled
 *   with the flag `u` and has no capture groups of its own; write `(?:…)`.
 *
 * A name is ASCII letters, digits and `_`, and does not begin with a digit. A colon always begins a
 * parameter. A trailing slash is significant. `<`, `>`, `{`, `}`, `[`, `]`, `*`, `?` and `#`, by which
 * other frameworks mean something, are refused; a `RegExp` can have them.
 *
 * A `RegExp` is anchored at both ends, keeps its flags, and gives its named groups;
 * those that took no part in a match are absent.
 *
 * Paths are given percent-decoded except for `%2F` and `%25`, and that is the text which regular
 * expressions see; captured values are decoded to the end. Matching text and plain parameters takes
 * time in proportion to the path; a regular expression of your own takes the time that it takes, and
 * a careless one, such as `(?:a+)+`, can be made to take for ever by whoever chooses the path.
 */
export class PathPattern {
  /** What it matches, written down: two patterns with the same one match the same paths. */
  readonly written: string;
  readonly #whole: RegExp;
  readonly #prefix: RegExp;
  readonly #captured: (found: RegExpExecArray) => Iterable<readonly [string, string | undefined]>;

  /** @throws UsageError `ERR_ROUTE_PATTERN`, naming the pattern and, in a string, the position. */
  constructor(path: string | RegExp) {
    let source: string;
    let flags: string;
    if (typeof path === "string") {
      const parts = parse(path);
      const names = parts.flatMap((part) => (part.kind === "parameter" ? part.name : []));
      source = sourceOf(parts);
      flags = "u";
      this.#captured = (found) => names.map((name, index) => [name, found[index + 1]] as const);
    } else {
      refuseFlags(path);
      source = path.source;
      flags = path.flags.replace("d", "");
      this.#captured = (found) => Object.entries(found.groups ?? {});
    }
    this.written = `${flags} ${source}`;
    this.#whole = new RegExp(`^(?:${source})$`, flags);
    // A prefix ends where a segment ends: behind a slash, or before one.
    this.#prefix = new RegExp(`^(?:${source})(?:(?<=/)|(?=/))`, flags);
  }

  /** The parameters, if the whole path matches. */
  match(path: string): PathParams | undefined {
    const found = this.#whole.exec(path);
    return found === null ? undefined : this.#paramsOf(found);
  }

  /**
   * The parameters, if the path begins with this pattern, and the rest of the path for a pattern
   * further in. The rest begins with "/": where the prefix ends with one, both have it, so that
   * `/deploy` and `/deploy/` are the same prefix.
   */
  matchPrefix(path: string): { readonly params: PathParams; readonly rest: string } | undefined {
    const found = this.#prefix.exec(path);
    if (found === null) return undefined;
    const end = found[0].endsWith("/") ? found[0].length - 1 : found[0].length;
    return { params: this.#paramsOf(found), rest: path.slice(end) };
  }

  #paramsOf(found: RegExpExecArray): PathParams {
    // Most paths have none, and then all connections share the one empty record.
    if (found.length === 1) return emptyRecord;
    const params = bareRecord<string>();
    for (const [name, value] of this.#captured(found)) {
      if (value !== undefined) params[name] = decode(value);
    }
    return Object.freeze(params);
  }
}

/** Text that stands for itself, or a hole. */
type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "parameter"; readonly name: string; readonly regexp: string | undefined };

function parse(pattern: string): Part[] {
  if (!pattern.startsWith("/"))
    throw unusable(pattern, 0, 'a path begins with "/", as the client asks for it');
  const parts: Part[] = [];
  const names = new Set<string>();
  let at = 0;
  while (at < pattern.length) {
    const colon = pattern.indexOf(":", at);
    const end = colon === -1 ? pattern.length : colon;
    if (end > at) parts.push({ kind: "text", text: textAt(pattern, at, end) });
    if (colon === -1) break;

    const name = nameAt(pattern, colon);
    if (names.has(name)) throw unusable(pattern, colon, `there is another parameter "${name}"`);
    names.add(name);
    at = colon + 1 + name.length;

    let regexp: string | undefined;
    if (pattern[at] === "(") {
      const close = closingParenthesis(pattern, at);
      regexp = pattern.slice(at + 1, close);
      checkRegExp(pattern, at, regexp);
      at = close + 1;
    }
    const last = parts.at(-1);
    if (last?.kind === "parameter" && last.regexp === undefined && regexp === undefined) {
      throw unusable(pattern, colon, `nothing separates "${name}" from "${last.name}"`);
    }
    parts.push({ kind: "parameter", name, regexp });
  }
  return parts;
}

/** Text stands for itself, so what other frameworks read into it must not be there. */
function textAt(pattern: string, from: number, to: number): string {
  const text = pattern.slice(from, to);
  const foreign = /[<>{}[\]*?#]/.exec(text);
  if (foreign === null) return text;
  const at = from + foreign.index;
  const rest = pattern.slice(at);
  const name = /^(?:<(?:\w+:)?|\{|\[+(?:\.{3})?|\*)(\w+)/.exec(rest)?.[1];
  const how =
    foreign[0] === "*" || /^\[+\.{3}/.test(rest)
      ? `the rest of a path is written ":${name ?? "rest"}(.*)"`
      : foreign[0] === "?" || foreign[0] === "#"
        ? "a path ends before its query; what may be absent takes a second route, or a RegExp"
        : `a parameter is written ":${name ?? "name"}", with its form as ":${name ?? "name"}(\\d+)"`;
  throw unusable(pattern, at, `"${foreign[0]}" means nothing here; ${how}`);
}

function nameAt(pattern: string, colon: number): string {
  const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(pattern.slice(colon + 1))?.[0] ?? "";
  const next = pattern.slice(colon + 1 + name.length);
  // "naïve" would otherwise be a parameter "na" and the text "ïve".
  if (name === "" || /^\p{ID_Continue}/u.test(next)) {
    throw unusable(
      pattern,
      colon,
      'a parameter needs a name of ASCII letters, digits and "_" that does not begin with a digit',
    );
  }
  return name;
}

/** Where the parenthesis closes that opens at `open`; escapes and character classes are skipped. */
function closingParenthesis(pattern: string, open: number): number {
  let depth = 0;
  let inClass = false;
  for (let at = open; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "\\") at++;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if (character === "(" && !inClass) depth++;
    else if (character === ")" && !inClass && --depth === 0) {
      if (pattern[at + 1] !== ")") return at;
      throw unusable(pattern, at + 1, "this parenthesis closes none");
    }
  }
  throw unusable(pattern, open, "this parenthesis is never closed");
}

function checkRegExp(pattern: string, open: number, source: string): void {
  if (source === "") throw unusable(pattern, open, "the regular expression is empty");
  let groups: number;
  try {
    // On its own, so that it can refer to nothing outside; the alternative matches for certain.
    groups = (new RegExp(`(?:${source})|`, "u").exec("")?.length ?? 1) - 1;
  } catch (cause) {
    throw unusable(pattern, open, `the regular expression is not valid: ${cause}`, { cause });
  }
  if (groups > 0) {
    throw unusable(pattern, open, "the regular expression has a capture group; write (?:…)");
  }
}

function sourceOf(parts: readonly Part[]): string {
  return parts
    .map((part, index) => {
      if (part.kind === "text") return escape(part.text);
      return `(${part.regexp ?? segmentBefore(parts[index + 1], parts[index + 2])})`;
    })
    .join("");
}

/**
 * A plain parameter. Before text and another plain parameter it ends at the first place where that
 * text stands: the other one takes whatever follows, so no path is lost, and a path of many dashes
 * is not tried at every dash.
 */
function segmentBefore(next: Part | undefined, second: Part | undefined): string {
  if (next?.kind !== "text" || next.text.includes("/")) return "[^/]+";
  if (second?.kind !== "parameter" || second.regexp !== undefined) return "[^/]+";
  return `[^/](?:(?!${escape(next.text)})[^/])*`;
}

/** Text as a regular expression; a percent sign stands in paths as `%25`. */
function escape(text: string): string {
  return text.replace(/%(?!2F|25)/g, "%25").replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** Takes away the last percent-encoding, which kept a slash in a value from being a separator. */
function decode(value: string): string {
  return value.replace(/%2F|%25/g, (kept) => (kept === "%2F" ? "/" : "%"));
}

function refuseFlags(path: RegExp): void {
  if (!(path instanceof RegExp)) {
    throw new UsageError(
      "ERR_ROUTE_PATTERN",
      `a route's path is a string or a RegExp, not ${nameOfKind(path)}`,
    );
  }
  // `g` and `y` make matching depend on the match before; with `m` a line break would be an end.
  const flag = /[gym]/.exec(path.flags)?.[0];
  if (flag !== undefined) {
    throw new UsageError(
      "ERR_ROUTE_PATTERN",
      `route path ${path}: a path cannot be matched with the flag "${flag}"`,
    );
  }
}

function unusable(pattern: string, at: number, why: string, options?: ErrorOptions): UsageError {
  return new UsageError(
    "ERR_ROUTE_PATTERN",
    `route path ${JSON.stringify(pattern)}, position ${at}: ${why}`,
    options,
  );
}

/**
 * What is told of a path that has a character which means nothing here, as {@link PathPattern} refuses
 * it; `never` of a path without one, and of one that is not a literal.
 */
export type ForeignPath<T extends string> = string extends T
  ? never
  : Foreign<TextOf<T>> extends infer Character extends string
    ? [Character] extends [never]
      ? never
      : Character extends "*"
        ? '"*" means nothing in a path; the rest of a path is written ":rest(.*)"'
        : Character extends "?" | "#"
          ? `"${Character}" means nothing in a path: it ends before its query; what may be absent takes a second route, or a RegExp`
          : `"${Character}" means nothing in a path; a parameter is written ":${Meant<T>}"`
    : never;

/** The first of the characters that other frameworks mean something by; a closing one has an opening one. */
type Foreign<T extends string> = T extends `${string}{${string}`
  ? "{"
  : T extends `${string}<${string}`
    ? "<"
    : T extends `${string}[${string}`
      ? "["
      : T extends `${string}*${string}`
        ? "*"
        : T extends `${string}?${string}`
          ? "?"
          : T extends `${string}#${string}`
            ? "#"
            : never;

/** The name of the parameter that is meant by one of them. */
type Meant<T extends string> = T extends `${string}{${infer Rest}`
  ? NameOr<Rest>
  : T extends `${string}<${infer Inside}>${string}`
    ? NameOr<Inside extends `${string}:${infer Rest}` ? Rest : Inside>
    : T extends `${string}[${infer Rest}`
      ? NameOr<Rest>
      : "name";

type NameOr<T extends string> =
  SplitName<T> extends [infer Name extends string, string]
    ? Name extends ""
      ? "name"
      : Name
    : never;

/** What stands for itself in a path, its parameters and their regular expressions left out. */
type TextOf<T extends string> = T extends `${infer Text}:${infer Rest}`
  ? SplitName<Rest> extends [string, infer After extends string]
    ? `${Text}${TextOf<After extends `(${infer Open}` ? AfterRegExp<Open> : After>}`
    : Text
  : T;

/** The names in a path: what follows each colon, but not inside of regular expressions. */
type ParameterNames<
  T extends string,
  Found extends string = never,
> = T extends `${string}:${infer Rest}`
  ? SplitName<Rest> extends [infer Name extends string, infer After extends string]
    ? ParameterNames<After extends `(${infer Open}` ? AfterRegExp<Open> : After, Found | Name>
    : never
  : Found;

/** A name at the beginning of a text, and the text after it. */
type SplitName<
  T extends string,
  Name extends string = "",
> = T extends `${infer C extends NameCharacter}${infer Rest}`
  ? SplitName<Rest, `${Name}${C}`>
  : [Name, T];

/** The text after the parenthesis that closes the one before `T`; `Open` counts those inside. */
type AfterRegExp<
  T extends string,
  Open extends unknown[] = [],
> = T extends `\\${infer _Escaped}${infer Rest}`
  ? AfterRegExp<Rest, Open>
  : T extends `[${infer Rest}`
    ? AfterClass<Rest, Open>
    : T extends `(${infer Rest}`
      ? AfterRegExp<Rest, [...Open, "("]>
      : T extends `)${infer Rest}`
        ? Open extends ["(", ...infer Outer]
          ? AfterRegExp<Rest, Outer>
          : Rest
        : T extends `${infer _Any}${infer Rest}`
          ? AfterRegExp<Rest, Open>
          : "";

/** The same inside of a character class, where a parenthesis is only a character. */
type AfterClass<
  T extends string,
  Open extends unknown[],
> = T extends `\\${infer _Escaped}${infer Rest}`
  ? AfterClass<Rest, Open>
  : T extends `]${infer Rest}`
    ? AfterRegExp<Rest, Open>
    : T extends `${infer _Any}${infer Rest}`
      ? AfterClass<Rest, Open>
      : "";

type NameCharacter = Letter | Uppercase<Letter> | Digit | "_";
type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";
// biome-ignore format: an alphabet is read in one line
type Letter = "a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "i" | "j" | "k" | "l" | "m" | "n" | "o" | "p" | "q" | "r" | "s" | "t" | "u" | "v" | "w" | "x" | "y" | "z";
