/** How many octets of a long payload are shown. */
export const shown = 48;

/** A number that is easy to read, in any language. */
export function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, "\u00a0");
}

/** Octets in hexadecimal. */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** The lowest bits of a number, as many as are asked for. */
export function bits(number, count) {
  return number.toString(2).padStart(count, "0");
}

/** One array behind another. */
export function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
