/** An encoded message as JSON can carry it: text as it is, bytes in base64. */
export type Data = string | readonly [base64: string];

/** Writes an encoded message so that JSON can carry it. */
export function pack(encoded: string | Uint8Array): Data {
  if (typeof encoded === "string") return encoded;
  const { buffer, byteOffset, byteLength } = encoded;
  return [Buffer.from(buffer, byteOffset, byteLength).toString("base64")];
}

/** Reads what {@link pack} wrote. */
export function unpack(data: Data): string | Uint8Array {
  return typeof data === "string" ? data : new Uint8Array(Buffer.from(data[0], "base64"));
}

/** How many bytes an encoded message takes, as histories count them. */
export function sizeOf(data: Data): number {
  return typeof data === "string" ? Buffer.byteLength(data) : Math.ceil(data[0].length * 0.75);
}

/** About how long a message is as JSON: at no cost, for bounds. */
export function weigh(data: Data): number {
  return typeof data === "string" ? data.length : data[0].length;
}
