/** How many hash slots a Redis Cluster has. */
export const slotCount = 16_384;

/** CRC-16/XMODEM of each byte, as the Redis Cluster specification has it. */
const table: Uint16Array = new Uint16Array(256).map((_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) {
    crc = ((crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021)) & 0xffff;
  }
  return crc;
});

/**
 * The hash slot of a key or shard channel: of what stands between its first `{` and the next `}`, if
 * there is anything, or else of all of it.
 */
export function slotOf(key: string): number {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of Buffer.from(hashed)) {
    crc = ((crc << 8) ^ table[(crc >> 8) ^ byte]!) & 0xffff;
  }
  return crc % slotCount;
}
