import { type ErrorCode, SluiceError, UsageError } from "../errors.ts";
import type { LayerMessage } from "../layers/channel-layer.ts";
import { Letter } from "./mailbox.ts";

/** Where in an application something went wrong. */
export type Phase = "connect" | "receive" | "event" | "gap" | "disconnect";

/** In which phase a letter is handled. */
export const phaseOf: Readonly<Record<Letter, Phase>> = {
  [Letter.open]: "connect",
  [Letter.text]: "receive",
  [Letter.bytes]: "receive",
  [Letter.event]: "event",
  [Letter.gap]: "gap",
  [Letter.disconnect]: "disconnect",
};

/** A message came of a kind that the handler does not take. */
export function kindError(kind: "text" | "binary"): UsageError {
  return new UsageError("ERR_KIND_NOT_HANDLED", `${kind} messages are not supported here`);
}

/** A layer message came that the handler has no method for. */
export function eventError(message: LayerMessage): UsageError {
  const type = JSON.stringify(message.type);
  return new UsageError("ERR_EVENT_NOT_HANDLED", `no handler for layer messages of type ${type}`);
}

/** Something took longer than it may. */
export function timeoutError(what: string, limit: number, consequence: string): UsageError {
  return new UsageError("ERR_HANDLER_TIMEOUT", `${what} more than ${limit} ms, and ${consequence}`);
}

/** Something else than a message was sent. */
export function dataError(given: unknown): UsageError {
  return new UsageError(
    "ERR_SEND_DATA",
    `send takes a string or a Uint8Array, not ${nameOfKind(given)}`,
  );
}

/** A subprotocol was chosen that the client does not know. */
export function subprotocolError(chosen: string, offered: readonly string[]): UsageError {
  return new UsageError(
    "ERR_SUBPROTOCOL",
    `subprotocol ${JSON.stringify(chosen)} was not offered by the client; offered: ${offered.join(", ") || "none"}`,
  );
}

/** An application gave back something else than a handler. */
export function handlerError(given: unknown): UsageError {
  return new UsageError(
    "ERR_NOT_A_CONSUMER",
    `an application returned ${nameOfKind(given)}, not a handler`,
  );
}

/** Whether an error is ours, with one of these codes. */
export function isFault(error: unknown, ...codes: readonly ErrorCode[]): error is SluiceError {
  return error instanceof SluiceError && codes.includes(error.code);
}

/** What kind of value it is, for a sentence. */
export function nameOfKind(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? (value.constructor?.name ?? "an object") : typeof value;
}
