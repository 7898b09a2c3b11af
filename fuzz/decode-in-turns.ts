import assert from "node:assert/strict";
import { ProtocolError } from "sluice";
import type { DeflateShare, PermessageDeflate } from "sluice/protocol";

/** Decodes a message to its end, in as many turns as the share allows work for. */
export function decodeInTurns(
  extension: PermessageDeflate,
  share: DeflateShare,
  message: Uint8Array,
  maxSize: number,
): Uint8Array | ProtocolError {
  let decoded = extension.decode(message, maxSize);
  // Each turn does something: as many as there are bits and bytes on both sides are always enough.
  for (let turns = maxSize + 8 * message.length + 64; decoded === undefined; turns--) {
    assert(turns > 0, "decoding does not come to an end");
    share.refill();
    decoded = extension.decodeOn();
  }
  share.refill();
  return decoded;
}

/** The bytes of a message that must be decodable. */
export function decodedInTurns(...given: Parameters<typeof decodeInTurns>): Uint8Array {
  const decoded = decodeInTurns(...given);
  assert(!(decoded instanceof ProtocolError), `it is refused: ${String(decoded)}`);
  return decoded;
}
