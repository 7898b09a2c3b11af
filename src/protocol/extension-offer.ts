import { UsageError } from "../errors.ts";
import { FieldScanner, isToken, quoted } from "./token.ts";

/**
 * One element of a Sec-WebSocket-Extensions list: what a client offers or a server agrees to
 * (RFC 6455 §9.1).
 *
 * Parameters are pairs in the order in which they were sent, and a name may come twice: an object
 * keyed by what a peer chose would lose that, and would let `__proto__` in.
 */
export interface ExtensionOffer {
  /** The extension's registered name, as it was sent. */
  readonly name: string;
  /** Names with their values; `true` for a parameter without one. */
  readonly parameters: readonly ExtensionParameter[];
}

/** A parameter of an extension: `["server_max_window_bits", "10"]`, `["client_max_window_bits", true]`. */
export type ExtensionParameter = readonly [name: string, value: string | true];

/**
 * Reads the value of Sec-WebSocket-Extensions (RFC 6455 §9.1). Several headers of that name are
 * one list: join them with commas first. Undefined if the text is malformed or the list is empty.
 */
export function parseExtensions(text: string): ExtensionOffer[] | undefined {
  const scanner = new FieldScanner(text);
  const offers: ExtensionOffer[] = [];
  do {
    const name = scanner.token();
    if (name === "") continue; // an empty element; anything else stops the scanner below
    const parameters: ExtensionParameter[] = [];
    while (scanner.take(";")) {
      const parameter = readParameter(scanner);
      if (parameter === undefined) return undefined;
      parameters.push(parameter);
    }
    offers.push({ name, parameters });
  } while (scanner.take(","));
  return scanner.atEnd && offers.length > 0 ? offers : undefined;
}

/**
 * Writes a list as the value of Sec-WebSocket-Extensions (RFC 6455 §9.1).
 *
 * @throws UsageError `ERR_HEADER` if a name or a value is not a token.
 */
export function formatExtensions(offers: readonly ExtensionOffer[]): string {
  return offers.map(formatOffer).join(", ");
}

function readParameter(scanner: FieldScanner): ExtensionParameter | undefined {
  const name = scanner.token();
  if (name === "") return undefined;
  if (!scanner.take("=")) return [name, true];
  const value = scanner.token() || scanner.quotedToken();
  return value === "" ? undefined : [name, value];
}

function formatOffer({ name, parameters }: ExtensionOffer): string {
  let text = checkedToken(name);
  for (const [parameter, value] of parameters) {
    text += `; ${checkedToken(parameter)}`;
    if (value !== true) text += `=${checkedToken(value)}`;
  }
  return text;
}

function checkedToken(text: string): string {
  if (isToken(text)) return text;
  throw new UsageError("ERR_HEADER", `${quoted(text)} cannot stand in Sec-WebSocket-Extensions`);
}
