import { type ExtensionOffer, parseExtensions } from "./extension-offer.ts";
import { listElements, trimWhitespace } from "./token.ts";

/** The values of all lines called `name` (in lower case), in order, without the white space around them. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === name)
      values.push(trimWhitespace(rawHeaders[at + 1] ?? ""));
  }
  return values;
}

/** Whether the list that the headers called `name` make together holds `element`, in any case. */
export function headerHolds(rawHeaders: readonly string[], name: string, element: string): boolean {
  return headerValues(rawHeaders, name)
    .flatMap(listElements)
    .some((candidate) => candidate.toLowerCase() === element);
}

/**
 * The extensions that the headers offer or agree to, all lines being one list (RFC 6455 §9.1);
 * undefined if it is malformed.
 */
export function headerExtensions(rawHeaders: readonly string[]): ExtensionOffer[] | undefined {
  const values = headerValues(rawHeaders, "sec-websocket-extensions");
  return values.length === 0 ? [] : parseExtensions(values.join(", "));
}
