/**
 * Takes the first frame of some octets apart (RFC 6455 §5.2), or returns undefined if it is not whole.
 * `end` is where the next one begins.
 */
export function frameParts(octets) {
  if (octets.length < 2) return undefined;
  const [first, second] = octets;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const isMasked = second >= 128;
  const short = second & 127;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const keyAt = 2 + extended;
  const payloadAt = keyAt + (isMasked ? 4 : 0);
  if (octets.length < payloadAt) return undefined;
  const length =
    extended === 0 ? short : extended === 2 ? view.getUint16(2) : Number(view.getBigUint64(2));
  const end = payloadAt + length;
  if (octets.length < end) return undefined;
  const key = octets.slice(keyAt, payloadAt);
  const raw = octets.slice(payloadAt, end);
  return {
    head: octets.slice(0, 2),
    fin: first >> 7,
    rsv: (first >> 4) & 7,
    opcode: first & 15,
    isMasked,
    short,
    extended: octets.slice(2, keyAt),
    /** In how many bits the length is written. */
    form: extended === 0 ? 7 : extended * 8,
    length,
    key,
    raw,
    payload: isMasked ? raw.map((octet, index) => octet ^ key[index % 4]) : raw,
    end,
  };
}
