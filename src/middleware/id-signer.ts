import { sign, unsign } from "cookie-signature";

/**
 * What stands before the signed id in a cookie of express-session. The signature does not cover it,
 * and no id that needs signing has a colon.
 */
const expressPrefix = "s:";

/** Signs ids as `cookie-signature` does, and believes those that one of its secrets has signed. */
export class IdSigner {
  readonly #secrets: readonly string[];

  /** The first secret signs; all of them are believed. */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  /** An id with its signature: `id.signature`. */
  sign(id: string): string {
    return sign(id, this.#secrets[0]!);
  }

  /** The id in a cookie's value, with or without the prefix of Express; undefined if it is forged. */
  verify(value: string): string | undefined {
    const signed = value.startsWith(expressPrefix) ? value.slice(expressPrefix.length) : value;
    let id: string | undefined;
    for (const secret of this.#secrets) {
      const found = unsign(signed, secret);
      if (found !== false && found !== "") id ??= found;
    }
    return id;
  }
}
