import type { Frame } from "./frame.ts";
import type { Step, Write } from "./case.ts";

/** A payload: text stands for its UTF-8. */
type Payload = string | Buffer;

export const hex = (digits: string): Buffer => Buffer.from(digits, "hex");

/** `length` octets of `unit` over and over, the last one cut where it has to be. */
export const repeat = (unit: Payload, length: number): Buffer => Buffer.alloc(length, unit);

/** Any frame at all, also one that must not exist. */
export function frame(
  opcode: number,
  payload: Payload = "",
  { fin = true, rsv = 0 }: Partial<Pick<Frame, "fin" | "rsv">> = {},
): Step {
  const octets = Buffer.from(payload);
  return { do: "frame", frame: { opcode, fin, rsv, payload: octets }, write: "coalesce" };
}

export const text = (payload: Payload): Step => frame(1, payload);
export const binary = (payload: Payload): Step => frame(2, payload);
export const ping = (payload: Payload = ""): Step => frame(9, payload);
export const pong = (payload: Payload = ""): Step => frame(10, payload);

/** The fragments of a text message: its first frame, one in its middle, its last one. */
export const textStart = (payload: Payload): Step => frame(1, payload, { fin: false });
export const textPart = (payload: Payload): Step => frame(0, payload, { fin: false });
export const textEnd = (payload: Payload): Step => frame(0, payload);

/** A text message of as many frames as there are payloads. */
export const fragments = (...payloads: readonly Payload[]): Step[] =>
  payloads.map((payload, i) => frame(i === 0 ? 1 : 0, payload, { fin: i === payloads.length - 1 }));

/**
 * A text message in frames of `size` octets, none of which is the last one: what remains, and be it
 * nothing, ends the message.
 */
export function fragmented(payload: Payload, size: number): Step[] {
  const octets = Buffer.from(payload);
  const count = Math.floor(octets.length / size) + 1;
  return fragments(
    ...Array.from({ length: count }, (_, i) => octets.subarray(i * size, (i + 1) * size)),
  );
}

/** A frame whose payload of `length` octets comes later, in pieces. */
export const head = (frame: Omit<Frame, "payload">, length: number): Step => ({
  do: "head",
  frame,
  length,
});
export const piece = (payload: Payload): Step => ({ do: "piece", payload: Buffer.from(payload) });

/** The tester's close frame. */
export function close(code?: number, reason: Payload = ""): Step {
  if (code === undefined) return { do: "close", payload: Buffer.alloc(0) };
  return {
    do: "close",
    payload: Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)]),
  };
}

export function pause(seconds: number, mark?: string): Step {
  return { do: "pause", seconds, ...(mark !== undefined && { mark }) };
}

/** The same frames, each in a write of its own. */
export const flushed = (...steps: readonly Step[]): Step[] => written("flush", steps);

/** The same frames, so many octets at a time. */
export const chopped = (chop: number, ...steps: readonly Step[]): Step[] =>
  written({ chop }, steps);

export const written = (write: Write, steps: readonly Step[]): Step[] =>
  steps.map((step) => (step.do === "frame" ? { ...step, write } : step));
