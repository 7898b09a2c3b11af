import { UsageError } from "../errors.ts";

/**
 * The close codes that have a name: RFC 6455 §7.4.1, the IANA registry, and ours.
 *
 * A code says whether coming back makes sense: 3000–3499 and 4000–4499 may reconnect,
 * 3500–3999 and 4500–4999 are final.
 */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Never sent: a close frame without a code. */
  noStatus: 1005,
  /** Never sent: the connection ended without a closing handshake. */
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  messageTooBig: 1009,
  mandatoryExtension: 1010,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badGateway: 1014,
  /** The token that opened this connection has expired: get a new one, then reconnect. */
  tokenExpired: 4001,
  /** The peer reads slower than it is sent to. */
  tooSlow: 4008,
  /** The peer sends more than it may: come back later. */
  rateLimited: 4029,
  /** The peer did not say who it is, in time or with what it sent: log in. */
  unauthenticated: 4501,
  /** The session behind this connection was ended: log in again. */
  sessionRevoked: 4510,
} as const;

/** The longest close reason, in bytes of UTF-8: a control frame holds 125, the code takes 2 (§5.5). */
export const maxReasonSize = 123;

/**
 * Whether a code may stand in a close frame (RFC 6455 §7.4): 1004–1006 and 1015 never do, 1016–2999
 * belong to the protocol's future.
 */
export function isCloseCode(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) ||
    (code >= 3000 && code <= 4999)
  );
}

/**
 * Checks what an application wants to close with.
 * @throws UsageError `ERR_CLOSE_CODE` or `ERR_CLOSE_REASON`, naming the value and the limit.
 */
export function checkClose(code: number | undefined, reason: string): void {
  if (code === undefined) {
    if (reason !== "") {
      throw new UsageError("ERR_CLOSE_CODE", "a close reason needs a close code before it");
    }
    return;
  }
  if (!Number.isInteger(code) || !isCloseCode(code)) {
    throw new UsageError(
      "ERR_CLOSE_CODE",
      `close code ${JSON.stringify(code)} may not be sent: use 1000–1003, 1007–1014 or 3000–4999 (RFC 6455 §7.4)`,
    );
  }
  if (typeof reason !== "string") {
    throw new UsageError("ERR_CLOSE_REASON", `a close reason is a string, not a ${typeof reason}`);
  }
  const size = Buffer.byteLength(reason);
  if (size > maxReasonSize) {
    throw new UsageError(
      "ERR_CLOSE_REASON",
      `close reason of ${size} bytes exceeds the limit of ${maxReasonSize}`,
    );
  }
}

/** Cuts a reason to what a close frame holds, between two characters. */
export function cutReason(reason: string): string {
  let cut = reason.toWellFormed().slice(0, maxReasonSize);
  while (Buffer.byteLength(cut) > maxReasonSize) cut = cut.slice(0, -1);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
