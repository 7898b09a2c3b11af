/**
 * Masking (RFC 6455 §5.3): octet i of the payload is XORed with octet i mod 4 of the key. Doing it
 * twice undoes it.
 *
 * A key is one 32-bit integer whose lowest octet is the key's first.
 */

import { maskWide, widePays } from "./wide-mask.ts";

/**
 * Masks or unmasks `bytes[start, end)` in place.
 *
 * `phase` counts the payload bytes that came before, for a payload that arrives in pieces.
 * @returns a number whose bit 7 is set if any byte of the result is not ASCII, so that a short text
 * need not be looked at twice.
 */
export function mask(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
  phase: number,
): number {
  let position = start;
  const turned = turn(key, phase);
  let seen = 0;
  if (end - start >= widePays) {
    const done = maskWide(bytes, start, end, turned);
    if (done < 0) seen = 0x80;
    position += Math.abs(done);
  }
  const k0 = turned & 0xff;
  const k1 = (turned >>> 8) & 0xff;
  const k2 = (turned >>> 16) & 0xff;
  const k3 = turned >>> 24;
  for (const last = end - 3; position < last; position += 4) {
    seen |= bytes[position]! ^= k0;
    seen |= bytes[position + 1]! ^= k1;
    seen |= bytes[position + 2]! ^= k2;
    seen |= bytes[position + 3]! ^= k3;
  }
  if (position < end) seen |= bytes[position++]! ^= k0;
  if (position < end) seen |= bytes[position++]! ^= k1;
  if (position < end) seen |= bytes[position]! ^= k2;
  return seen;
}

/** The key as it stands after `phase` more bytes. */
function turn(key: number, phase: number): number {
  const bits = (phase & 3) << 3;
  // Shifting by 32 is shifting by 0: without a phase both halves are the key.
  return (key >>> bits) | (key << (32 - bits));
}
