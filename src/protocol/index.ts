/**
 * RFC 6455 without I/O: the opening handshake as a judge of requests, frames, messages and the
 * closing handshake as a state machine. For those who bring their own transport.
 *
 * @packageDocumentation
 */
export { CloseCode, isCloseCode } from "./close-code.ts";
export type { Extension } from "./extension.ts";
export { Opcode, type Role } from "./opcode.ts";
export { PartialBudget } from "./partial-message.ts";
export { Protocol, type ProtocolOptions, type ProtocolSink } from "./protocol.ts";
