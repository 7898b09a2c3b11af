/** How values become text messages, and text messages values. */
export interface TextCodec {
  /** Writes a value. Of one deep-frozen value it always has to write the same text. */
  encode(value: unknown): string;
  /** Reads a text message, empty ones too. What it throws means that the text is invalid. */
  decode(text: string): unknown;
}

/** JSON (RFC 8259). Empty text is not JSON. */
export const jsonText: TextCodec = {
  encode: (value) => JSON.stringify(value),
  decode: (text) => JSON.parse(text) as unknown,
};
