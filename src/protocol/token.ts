/**
 * The little grammar that all header fields of the handshake are written in (RFC 9110 §5.5, §5.6).
 *
 * Everything here is a scanner that moves forward only, so that hostile input costs what its
 * length costs and no more: no regular expression is asked to find its way back.
 */

const tab = 0x09;
const space = 0x20;
const tilde = 0x7e;

/** One octet per ASCII character: 1 where it is a tchar (RFC 9110 §5.6.2). */
const tchars: Uint8Array = new Uint8Array(128);
for (const tchar of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  tchars[tchar.charCodeAt(0)] = 1;
}

/** Whether `text` is a token, as names of headers, subprotocols and extensions are (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return text !== "" && tokenEnd(text, 0) === text.length;
}

/**
 * Whether `text` may be the value of a header: visible ASCII, spaces and tabs (RFC 9110 §5.5).
 *
 * Stricter than the RFC on purpose: obs-text (0x80–0xff) has no meaning that two parsers agree on.
 */
export function isFieldValue(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet !== tab && (octet < space || octet > tilde)) return false;
  }
  return true;
}

/** `text` without the optional white space around it: spaces and tabs only (RFC 9110 §5.6.3). */
export function trimWhitespace(text: string): string {
  const start = whitespaceEnd(text, 0);
  let end = text.length;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/**
 * The elements of a comma-separated list, trimmed, in order. Empty elements are passed over, as
 * RFC 9110 §5.6.1.2 asks of recipients. Commas in quoted strings are not understood: the lists
 * that may hold quoted strings are read with a {@link FieldScanner}.
 */
export function listElements(text: string): string[] {
  const elements: string[] = [];
  for (let start = 0; start <= text.length; ) {
    const comma = text.indexOf(",", start);
    const end = comma === -1 ? text.length : comma;
    const element = trimWhitespace(text.slice(start, end));
    if (element !== "") elements.push(element);
    start = end + 1;
  }
  return elements;
}

/**
 * What a peer sent, fit to stand in an error message or a log: a JSON string of printable ASCII,
 * cut after 200 characters.
 */
export function quoted(text: string): string {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return JSON.stringify(shown).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Reads the value of a header from left to right: tokens, quoted tokens and the separators between. */
export class FieldScanner {
  readonly #text: string;
  #at: number;

  constructor(text: string) {
    this.#text = text;
    this.#at = whitespaceEnd(text, 0);
  }

  /** Whether all was read. */
  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Passes over `separator`, one character, and the white space after it; false if something else is next. */
  take(separator: string): boolean {
    if (this.#text[this.#at] !== separator) return false;
    this.#advance(this.#at + 1);
    return true;
  }

  /** Reads a token (RFC 9110 §5.6.2) and the white space after it; `""` if something else is next. */
  token(): string {
    const start = this.#at;
    const end = tokenEnd(this.#text, start);
    this.#advance(end);
    return this.#text.slice(start, end);
  }

  /**
   * Reads a quoted string (RFC 9110 §5.6.4) whose content, once unescaped, is a token, as
   * RFC 6455 §9.1 demands; `""` if it is none, and reading cannot go on then.
   */
  quotedToken(): string {
    const text = this.#text;
    let content = "";
    if (text[this.#at] !== '"') return "";
    for (let at = this.#at + 1; at < text.length; at++) {
      if (text[at] === '"') {
        this.#advance(at + 1);
        return content;
      }
      if (text[at] === "\\") at++;
      if (!isTchar(text.charCodeAt(at))) return "";
      content += text[at];
    }
    return "";
  }

  #advance(to: number): void {
    this.#at = whitespaceEnd(this.#text, to);
  }
}

function isTchar(octet: number): boolean {
  return tchars[octet] === 1;
}

function isWhitespace(octet: number): boolean {
  return octet === space || octet === tab;
}

/** Where the token that begins at `start` ends; `start` itself if there is none. */
function tokenEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && isTchar(text.charCodeAt(at))) at++;
  return at;
}

/** Where the white space that begins at `start` ends; `start` itself if there is none. */
function whitespaceEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && isWhitespace(text.charCodeAt(at))) at++;
  return at;
}
