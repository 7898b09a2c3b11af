/** A request target, taken apart and normalised once. */
export interface Target {
  /**
   * The decoded path without dot segments. Begins with exactly one `/`. `%2F` and `%25` stay as
   * they are, in upper case, and are the only `%` in it: a slash inside a segment is still told
   * from one between segments. {@link decodeParameter} finishes the work for one segment.
   */
  readonly path: string;
  /** Everything after the first `?`, as it was sent; `""` if there is none. */
  readonly query: string;
}

/**
 * Takes a request target in origin-form apart (RFC 9112 §3.2.1), the only form that a client
 * sends to a server (RFC 6455 §4.2.1 item 1).
 *
 * Undefined for everything else: other forms, a leading `//` before or after normalisation (or `/\`:
 * a URL parser would take what follows for a host), forbidden characters, malformed or overlong
 * UTF-8, control characters however they are written (a URL parser passes over some of them).
 */
export function parseTarget(target: string): Target | undefined {
  if (!target.startsWith("/") || target.startsWith("//") || !isVisibleAscii(target)) {
    return undefined;
  }
  const mark = target.indexOf("?");
  const rawPath = mark === -1 ? target : target.slice(0, mark);
  // Only the path: browsers send a backslash in a query as it is, and nothing is routed by it.
  if (rawPath.includes("\\")) return undefined;

  const decoded = decodeOnce(rawPath);
  if (decoded === undefined || hasControl(decoded)) return undefined;
  const path = removeDotSegments(decoded);
  if (path.startsWith("//") || path.startsWith("/\\")) return undefined;
  return { path, query: mark === -1 ? "" : target.slice(mark + 1) };
}

/** Decodes the `%2F` and `%25` that {@link parseTarget} kept, for one parameter of a route. Never throws. */
export function decodeParameter(text: string): string {
  return text.replace(/%2F|%25/g, (kept) => (kept === "%2F" ? "/" : "%"));
}

/** Whether `target` holds visible ASCII only, and no `#`: a fragment is never sent (RFC 6455 §3). */
function isVisibleAscii(target: string): boolean {
  for (let at = 0; at < target.length; at++) {
    const octet = target.charCodeAt(at);
    if (octet < 0x21 || octet > 0x7e || octet === 0x23) return false;
  }
  return true;
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

/**
 * Percent-decodes once, as strict UTF-8. What must survive is escaped a second time first, so that
 * one decoding turns `%252F` back into `%2F`.
 */
function decodeOnce(path: string): string | undefined {
  if (!path.includes("%")) return path;
  const kept = path.replace(/%(2f|25)/gi, (_, hex: string) => `%25${hex.toUpperCase()}`);
  try {
    return decodeURIComponent(kept);
  } catch {
    return undefined;
  }
}

/** Removes `.` and `..` once (RFC 3986 §5.2.4); `..` at the root stays at the root. */
function removeDotSegments(path: string): string {
  if (!path.includes("/.")) return path;
  const kept: string[] = [];
  let last = "";
  for (const segment of path.slice(1).split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
    last = segment;
  }
  // A dot segment at the end names a directory: its slash stays.
  if (last === "." || last === "..") kept.push("");
  return `/${kept.join("/")}`;
}
