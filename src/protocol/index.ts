/**
 * RFC 6455 and RFC 7692 without I/O: the opening handshake as a judge of requests, frames, messages,
 * their compression and the closing handshake as a state machine. For those who bring their own
 * transport.
 *
 * @packageDocumentation
 */
export { acceptKey, newKey } from "./accept-key.ts";
export {
  type Agreement,
  type ClientHandshake,
  clientHandshake,
  type HandshakeAnswer,
  type HandshakeQuestion,
  judgeResponse,
} from "./client-handshake.ts";
export { judgeConnect } from "./connect-handshake.ts";
export { type ConnectResponse, connectRefusal, connectResponse } from "./connect-response.ts";
export { CloseCode, isCloseCode } from "./close-code.ts";
export type { CompressionOptions } from "./compression-options.ts";
export {
  acceptDeflate,
  type DeflateAgreement,
  deflateName,
  deflateOffers,
  judgeDeflate,
} from "./deflate-negotiation.ts";
export { DeflateShare } from "./deflate-share.ts";
export type { Extension } from "./extension.ts";
export type { ExtensionOffer, ExtensionParameter } from "./extension-offer.ts";
export {
  type Handshake,
  type HandshakeRequest,
  judgeHandshake,
  type KeyedHandshake,
} from "./handshake.ts";
export {
  type Agreed,
  handshakeResponse,
  type OutgoingHeaders,
  refusalResponse,
} from "./handshake-response.ts";
export { Opcode, type Role } from "./opcode.ts";
export { judgeOrigin, type OriginClaim } from "./origin.ts";
export { PartialBudget } from "./partial-message.ts";
export { type DeflateDirection, PermessageDeflate } from "./permessage-deflate.ts";
export { Protocol, type ProtocolOptions, type ProtocolSink } from "./protocol.ts";
