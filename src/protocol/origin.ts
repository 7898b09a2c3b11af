import { HandshakeError, UsageError } from "../errors.ts";
import { nameOfKind } from "../internal/name-of-kind.ts";
import type { OriginPolicy, OriginRule } from "../internal/origin-policy.ts";
import { isFieldValue, quoted } from "./token.ts";

/** What a request says about where it comes from and where it went. */
export interface OriginClaim {
  /** The value of the Origin header; undefined if there is none (RFC 6455 §4.2.1 item 7). */
  readonly origin: string | undefined;
  /** The value of the Host header, with its port if it has one. */
  readonly host: string;
  /** Whether the client reached us over TLS, as far as we may believe it. */
  readonly secure: boolean;
}

/**
 * Whether a page may open this socket (RFC 6455 §10.2): undefined if it may, else the refusal, a
 * 403 with the code `ERR_HANDSHAKE_ORIGIN`. Pure, total, and the only place that decides this.
 *
 * Scheme, host and port are compared whole, after a URL parser has brought both sides to the same
 * letters and default ports. Nothing is compared by prefix, and by suffix only for
 * `https://*.example.com`, from the dot on.
 */
export function judgeOrigin(policy: OriginPolicy, claim: OriginClaim): undefined | HandshakeError {
  const { allow, requireOrigin = false } = asObject(policy);
  if (claim.origin === undefined) {
    return requireOrigin
      ? refuse("a request without an Origin header may not open this socket: requireOrigin is set")
      : undefined;
  }
  if (allow === "insecure-any") return undefined;

  // Browsers send origins as ASCII (RFC 6454 §6.2). A URL parser drops some other characters, so
  // they must not reach it: "good\u00ad.com" would become "good.com".
  const origin = isFieldValue(claim.origin) ? parseOrigin(claim.origin) : undefined;
  if (allow === "same-host") return judgeSameHost(origin, claim);
  if (origin !== undefined && allow.some((entry) => matches(entry, origin))) return undefined;
  return refuse(
    `origin ${quoted(claim.origin)} may not open this socket: ${quoted(allow.join(" "))} may`,
  );
}

/**
 * Throws where a policy is configured, instead of refusing everybody later.
 *
 * @param where - what the policy is called in the message, such as `origins`.
 * @throws UsageError `ERR_INVALID_OPTION` if a rule is unknown or an entry is not an origin: a
 * scheme, a host and at most a port.
 */
export function checkOriginPolicy(policy: OriginPolicy, where: string): void {
  const { allow, requireOrigin, ...unknown } = asObject(policy);
  for (const name of Object.keys(unknown)) {
    throw invalid(`${where} has an unknown field ${quoted(name)}`);
  }
  if (requireOrigin !== undefined && typeof requireOrigin !== "boolean") {
    throw invalid(`${where}.requireOrigin must be true or false`);
  }
  if (allow === "same-host" || allow === "insecure-any") return;
  if (!Array.isArray(allow)) {
    const near = nearOrigin(allow) ?? "https://example.com";
    throw invalid(
      `${where} is ${shown(allow)}: it must be "same-host", "insecure-any" or a list of origins, [${quoted(near)}] for example`,
    );
  }
  for (const entry of allow as unknown[]) {
    const origin = typeof entry === "string" ? parseOrigin(entry) : undefined;
    if (
      origin === undefined ||
      (withoutWildcard(origin.hostname) ?? origin.hostname).includes("*")
    ) {
      const near = nearOrigin(entry);
      throw invalid(
        near === undefined
          ? `${where} contains ${shown(entry)}, which is not an origin: write a scheme, a host and no path, as in "https://example.com" or "https://*.example.com"`
          : `${where} contains ${shown(entry)}, which is not an origin: it ends where the path begins, write ${quoted(near)}`,
      );
    }
  }
}

function shown(given: unknown): string {
  return typeof given === "string" ? quoted(given) : nameOfKind(given);
}

/** The origin that a URL begins with, as a browser would send it; undefined of what is no URL. */
function nearOrigin(given: unknown): string | undefined {
  if (typeof given !== "string") return undefined;
  const begin = /^[a-z][a-z\d+.-]*:\/\/[^\s/\\?#@,%*]+/i.exec(given)?.[0];
  return begin !== undefined && parseOrigin(begin) !== undefined ? begin : undefined;
}

/**
 * Whether `host` is one host with at most a port, as the Host header must hold (RFC 9110 §7.2).
 * Percent-encoding and commas, which RFC 3986 allows in names, are refused: no client sends them
 * and a second Host header joined to the first looks like the latter.
 */
export function isHost(host: string): boolean {
  if (host === latestHost) return true;
  const valid =
    /^(?:[\w\-.~!$&'()*+;=]+|\[[\da-f:.]+\])(?::\d*)?$/i.test(host) &&
    parseUrl(`http://${host}`) !== undefined;
  if (valid) latestHost = host;
  return valid;
}

/** The host that was found to be one last: most clients of a server name the same. */
let latestHost = "";

/** The three parts that make an origin (RFC 6454 §4), in the URL parser's spelling. */
interface Origin {
  /** With its colon: `https:`. */
  readonly scheme: string;
  /** In lower case, with punycode for other alphabets. */
  readonly hostname: string;
  /** `""` for the scheme's default port. */
  readonly port: string;
}

/**
 * Reads `scheme://host[:port]`. The URL parser is forgiving, so its input is strictly bounded first:
 * no user, path or query, no white space, no escapes, no list.
 */
function parseOrigin(text: string): Origin | undefined {
  const known = origins.get(text);
  if (known !== undefined) return known;
  const url = /^[a-z][a-z\d+.-]*:\/\/[^\s/\\?#@,%]+$/i.test(text) ? parseUrl(text) : undefined;
  // Schemes that the parser does not know, such as an app's own, keep their capitals.
  const origin = url && {
    scheme: url.protocol,
    hostname: url.hostname.toLowerCase(),
    port: url.port,
  };
  if (origin !== undefined && text.length <= longestKept) {
    if (origins.size >= mostKept) origins.clear();
    origins.set(text, origin);
  }
  return origin;
}

/** What was read lately: the same few origins come again and again, and a URL parser takes its time. */
const origins = new Map<string, Origin>();
const mostKept = 256;
const longestKept = 256;

/**
 * `URL.parse`, which Node.js 20 lacks. `URL.canParse` will not do: there, once it is called often,
 * it takes Latin-1 for UTF-8, so that `https://bücher.example` is a URL for a while and then is not.
 */
function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function matches(entry: string, origin: Origin): boolean {
  const allowed = parseOrigin(entry);
  if (allowed === undefined || allowed.scheme !== origin.scheme || allowed.port !== origin.port) {
    return false;
  }
  const parent = withoutWildcard(allowed.hostname);
  return parent === undefined
    ? origin.hostname === allowed.hostname
    : origin.hostname.length > parent.length + 1 && origin.hostname.endsWith(`.${parent}`);
}

/** `example.com` for `*.example.com`; undefined for a host without a wildcard. */
function withoutWildcard(hostname: string): string | undefined {
  return hostname.startsWith("*.") && hostname.length > 2 ? hostname.slice(2) : undefined;
}

function judgeSameHost(origin: Origin | undefined, claim: OriginClaim): undefined | HandshakeError {
  const own = parseOrigin(`${claim.secure ? "https" : "http"}://${claim.host}`);
  const sameHost =
    origin !== undefined && origin.hostname === own?.hostname && origin.port === own.port;
  if (sameHost && pageScheme(origin.scheme) === own.scheme) return undefined;

  const hint =
    sameHost && !claim.secure && pageScheme(origin.scheme) === "https:"
      ? "; only the scheme differs: if a proxy ends TLS in front of this server, name its address in trustProxy"
      : "";
  return refuse(
    `origin ${quoted(claim.origin!)} may not open this socket: "same-host" allows pages of ${claim.secure ? "https" : "http"} and host ${quoted(claim.host)} only; the option origins can allow more${hint}`,
  );
}

/** The scheme of the page behind a client that names its socket's scheme instead. */
function pageScheme(scheme: string): string {
  if (scheme === "wss:") return "https:";
  return scheme === "ws:" ? "http:" : scheme;
}

function asObject(policy: OriginPolicy): { allow: OriginRule; requireOrigin?: boolean } {
  // Arrays are rules too, and a caller without types may hand in anything.
  return typeof policy === "object" && policy !== null && "allow" in policy
    ? policy
    : { allow: policy };
}

function refuse(message: string): HandshakeError {
  return new HandshakeError("ERR_HANDSHAKE_ORIGIN", 403, message);
}

function invalid(message: string): UsageError {
  return new UsageError("ERR_INVALID_OPTION", message);
}
