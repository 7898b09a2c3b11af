/** What a client's frame says (RFC 6455 §5.2). */
export interface FrameHead {
  readonly text: boolean;
  readonly compressed: boolean;
}

/** A server's frame: one whole message, not masked. */
export function serverFrame(payload: Uint8Array, { text, compressed }: FrameHead): Buffer {
  return Buffer.concat([head(payload.length, text, compressed, 0), payload]);
}

/** A client's frame: one whole message, masked with a key (RFC 6455 §5.3). */
export function clientFrame(payload: Uint8Array, key: number, what: FrameHead): Buffer {
  const mask = Buffer.alloc(4);
  mask.writeUInt32BE(key >>> 0);
  const bytes = Buffer.from(payload);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = (bytes[index] as number) ^ (mask[index & 3] as number);
  }
  return Buffer.concat([head(payload.length, what.text, what.compressed, 0x80), mask, bytes]);
}

/** A client's answer to a ping (RFC 6455 §5.5.3), masked with zeros. */
export function pong(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x8a, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

function head(size: number, text: boolean, compressed: boolean, masked: number): Buffer {
  const first = 0x80 | (compressed ? 0x40 : 0) | (text ? 1 : 2);
  if (size < 126) return Buffer.from([first, masked | size]);
  if (size < 0x10000) return Buffer.from([first, masked | 126, size >> 8, size & 0xff]);
  const bytes = Buffer.alloc(10);
  bytes[0] = first;
  bytes[1] = masked | 127;
  bytes.writeBigUInt64BE(BigInt(size), 2);
  return bytes;
}
