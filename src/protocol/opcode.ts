/** The opcodes of RFC 6455 §5.2. The others are reserved; from 8 on they are control frames. */
export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** One of the opcodes that RFC 6455 defines. */
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Which end of a connection one is: it decides who masks (RFC 6455 §5.1). */
export type Role = "client" | "server";
