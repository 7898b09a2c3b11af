/** Octets from text whose characters stand for one octet each. */
export function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** Octets from hex digits; spaces part them for the reader. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(" ", ""), "hex");
}

/** The hex digits of octets. */
export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("hex");
}
