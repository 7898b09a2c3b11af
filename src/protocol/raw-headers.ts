import { bareRecord } from "../internal/bare-record.ts";
import { type ExtensionOffer, parseExtensions } from "./extension-offer.ts";
import { listElements, trimWhitespace } from "./token.ts";

/** The values of all lines called `name` (in lower case), in order, without the white space around them. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (isNamed(rawHeaders[at]!, name)) values.push(trimWhitespace(rawHeaders[at + 1]!));
  }
  return values;
}

/** Whether there is a line called `name` (in lower case). */
export function hasHeader(rawHeaders: readonly string[], name: string): boolean {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (isNamed(rawHeaders[at]!, name)) return true;
  }
  return false;
}

/** The value of the line called `name`, as {@link headerValues} has it, if there is one and no other. */
export function onlyHeader(rawHeaders: readonly string[], name: string): string | undefined {
  let only: string | undefined;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (!isNamed(rawHeaders[at]!, name)) continue;
    if (only !== undefined) return undefined;
    only = rawHeaders[at + 1]!;
  }
  return only === undefined ? undefined : trimWhitespace(only);
}

/** Whether the list that the headers called `name` make together holds `element`, in any case. */
export function headerHolds(rawHeaders: readonly string[], name: string, element: string): boolean {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (isNamed(rawHeaders[at]!, name) && listHolds(rawHeaders[at + 1]!, element)) return true;
  }
  return false;
}

/** Most lists have one element. */
function listHolds(list: string, element: string): boolean {
  return isNamed(list, element) || listElements(list).some((each) => isNamed(each, element));
}

/** Whether `text` is `name` (in lower case), in any case. Most are not, and differ in length already. */
function isNamed(text: string, name: string): boolean {
  return text.length === name.length && text.toLowerCase() === name;
}

/**
 * The extensions that the headers offer or agree to, all lines being one list (RFC 6455 §9.1);
 * undefined if it is malformed.
 */
export function headerExtensions(rawHeaders: readonly string[]): ExtensionOffer[] | undefined {
  const name = "sec-websocket-extensions";
  if (!hasHeader(rawHeaders, name)) return [];
  return parseExtensions(headerValues(rawHeaders, name).join(", "));
}

/**
 * All headers as one frozen record: names in lower case, repeated ones joined (RFC 9110 §5.3), and no
 * prototype to be confused with.
 */
export function joinHeaders(raw: readonly string[]): Readonly<Record<string, string>> {
  const headers = bareRecord<string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const value = raw[i + 1]!;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else headers[name] = `${before}${name === "cookie" ? "; " : ", "}${value}`;
  }
  return Object.freeze(headers);
}
