/** What a message to a group is sent with. */
export interface Envelope {
  readonly id: string | undefined;
  readonly except: string | undefined;
  /** The encoded message: text, or bytes. */
  readonly payload: string | Uint8Array;
}

/**
 * Writes an envelope, as parts of one body: a byte of flags, then what they announce, id and `except`
 * each with a byte for its length, then the payload.
 */
export function writeEnvelope({ id, except, payload }: Envelope): Uint8Array[] {
  const isText = typeof payload === "string";
  const named = except !== undefined && Buffer.byteLength(except) <= longest ? except : undefined;
  const body = isText ? Buffer.from(payload) : payload;
  if (id === undefined && named === undefined) return [isText ? plainText : plainBytes, body];
  const flags =
    (isText ? 0 : bytesFlag) |
    (id === undefined ? 0 : idFlag) |
    (named === undefined ? 0 : exceptFlag);
  const parts: Uint8Array[] = [Buffer.of(flags)];
  for (const text of [id, named]) {
    if (text === undefined) continue;
    const written = Buffer.from(text);
    parts.push(Buffer.of(written.length), written);
  }
  parts.push(body);
  return parts;
}

/** Reads what {@link writeEnvelope} wrote; undefined for what it never writes. */
export function readEnvelope(body: Uint8Array): Envelope | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const flags = bytes[0];
  if (flags === undefined || flags > (bytesFlag | idFlag | exceptFlag)) return undefined;
  let place = 1;
  const texts: (string | undefined)[] = [];
  for (const flag of [idFlag, exceptFlag]) {
    if ((flags & flag) === 0) {
      texts.push(undefined);
      continue;
    }
    const end = place + 1 + (bytes[place] ?? longest);
    if (end > bytes.length) return undefined;
    texts.push(bytes.toString("utf8", place + 1, end));
    place = end;
  }
  const [id, except] = texts;
  const rest = bytes.subarray(place);
  return { id, except, payload: (flags & bytesFlag) === 0 ? rest.toString("utf8") : rest };
}

const bytesFlag = 1;
const idFlag = 2;
const exceptFlag = 4;

const plainText = Buffer.of(0);
const plainBytes = Buffer.of(bytesFlag);

/** The longest id or `except`, in bytes. No channel has a longer name, so such an `except` is nobody. */
const longest = 255;
