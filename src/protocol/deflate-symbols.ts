/**
 * The alphabets of DEFLATE (RFC 1951 §3.2.5, §3.2.7).
 *
 * Symbols 0 to 255 are literals, 256 ends a block, 257 and above begin a match: some bits behind
 * them say how long it is exactly. Distances have an alphabet of their own.
 */

export const endOfBlock = 256;
export const firstLength = 257;
export const maxMatch = 258;
/** The longest code of a symbol or a distance. */
export const maxBits = 15;

/** The least length that each symbol from 257 on stands for, and how many bits follow it. */
export const lengthBase: Uint16Array = Uint16Array.of(
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115],
  ...[131, 163, 195, 227, 258],
);
export const lengthExtra: Uint8Array = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);

/** The least distance that each symbol stands for, and how many bits follow it. */
export const distanceBase: Uint16Array = Uint16Array.of(
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537],
  ...[2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577],
);
export const distanceExtra: Uint8Array = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12],
  ...[13, 13],
);

/** The order in which the lengths of the code length code are sent. */
export const lengthOrder: Uint8Array = Uint8Array.of(
  ...[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15],
);

/** The octets of an empty stored block that end every message on the wire, and are not sent (RFC 7692 §7.2.1). */
export const tail: Buffer = Buffer.of(0x00, 0x00, 0xff, 0xff);
