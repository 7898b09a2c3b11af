import { hash, randomBytes } from "node:crypto";

/** What both ends append to the key before they hash it (RFC 6455 §1.3). */
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * The value of Sec-WebSocket-Accept that answers `key`: the base64 of the SHA-1 of the key, as it
 * was sent, and a fixed GUID (RFC 6455 §4.2.2 item 5.4). It proves that the server speaks WebSocket
 * and protects nothing, so the age of SHA-1 does not matter.
 */
export function acceptKey(key: string): string {
  return hash("sha1", key + guid, "base64");
}

/**
 * Whether `key` is 16 bytes in base64 (RFC 6455 §4.2.1 item 5): 22 characters of the alphabet and
 * `==`. The four bits that the last character has to spare may be anything: the RFC asks for the
 * length only, and the key is never decoded.
 */
export function isValidKey(key: string): boolean {
  return /^[A-Za-z0-9+/]{22}==$/.test(key);
}

/** A fresh random key for one opening handshake (RFC 6455 §4.1 item 7: never used twice). */
export function newKey(): string {
  return randomBytes(16).toString("base64");
}
