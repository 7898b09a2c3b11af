import { expect } from "vitest";
import type { ErrorCode, ProtocolError } from "../../src/errors.ts";
import { FrameReader } from "../../src/protocol/frame-reader.ts";
import type { ProtocolOptions } from "../../src/protocol/message-reader.ts";
import type { Role } from "../../src/protocol/opcode.ts";
import type { ProtocolSink } from "../../src/protocol/protocol.ts";

/** Both ends: what one reads, the other one sent. */
export const roles: readonly Role[] = ["server", "client"];

/** A sink that writes down what it is told: one line for each call, payloads in hex. */
export class Calls implements ProtocolSink {
  readonly lines: string[] = [];

  onText(message: string): void {
    this.lines.push(`text ${message}`);
  }
  onBytes(message: Uint8Array): void {
    this.lines.push(`bytes ${hex(message)}`);
  }
  onPing(payload: Uint8Array): void {
    this.lines.push(`ping ${hex(payload)}`);
  }
  onPong(payload: Uint8Array): void {
    this.lines.push(`pong ${hex(payload)}`);
  }
  onClose(code: number, reason: string): void {
    this.lines.push(`close ${code} ${reason}`);
  }
  onFail(error: ProtocolError): void {
    this.lines.push(`fail ${error.closeCode} ${error.code}`);
  }
  onDecoding(): void {
    this.lines.push("decoding");
  }
}

/** Everything but who reads, and to whom it tells. */
export type ReaderOptions = Omit<ProtocolOptions, "role" | "sink">;

/** A call, and in which chunk it came. */
export interface TimedCall {
  readonly at: number;
  readonly call: string;
}

/** What a reader tells of when the octets come in these chunks. */
export function heardIn(
  role: Role,
  chunks: readonly Uint8Array[],
  options: ReaderOptions = {},
): TimedCall[] {
  const sink = new Calls();
  const reader = new FrameReader({ ...options, role, sink });
  const calls: TimedCall[] = [];
  for (const [at, chunk] of chunks.entries()) {
    // A copy, since chunks belong to the reader.
    reader.receive(Buffer.from(chunk));
    while (calls.length < sink.lines.length) calls.push({ at, call: sink.lines[calls.length]! });
  }
  return calls;
}

/** What a reader tells of when each octet comes alone, and at which octet. */
export function heardAt(role: Role, octets: Buffer, options?: ReaderOptions): TimedCall[] {
  return heardIn(role, oneByOne(octets), options);
}

/**
 * What a reader tells of: it must be the same when the octets come at once, one at a time, and (if
 * they are few) in two pieces cut anywhere.
 */
export function heard(role: Role, octets: Buffer, options?: ReaderOptions): string[] {
  const calls = heardIn(role, [octets], options).map(({ call }) => call);
  const cuts = octets.length > 300 ? 0 : octets.length;
  const pieces = Array.from({ length: cuts }, (_, cut) => [
    octets.subarray(0, cut),
    octets.subarray(cut),
  ]);
  for (const chunks of [oneByOne(octets), ...pieces]) {
    const others = heardIn(role, chunks, options).map(({ call }) => call);
    // One assertion for each would take most of the time.
    if (others.join("\n") !== calls.join("\n")) expect(others).toEqual(calls);
  }
  return calls;
}

/** The connection failed (§7.1.7), once, and nothing was heard after that. */
export function expectFailed(
  calls: readonly string[],
  closeCode: ProtocolError["closeCode"],
  code: ErrorCode,
): void {
  expect(calls.filter((call) => call.startsWith("fail"))).toEqual([`fail ${closeCode} ${code}`]);
  expect(calls.at(-1)).toBe(`fail ${closeCode} ${code}`);
}

export function oneByOne(octets: Buffer): Buffer[] {
  return Array.from(octets, (octet) => Buffer.of(octet));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
