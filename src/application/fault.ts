import { type ErrorCode, SluiceError, UsageError } from "../errors.ts";
import { nearestName } from "../internal/nearest-name.ts";
import type { LayerMessage } from "../layers/channel-layer.ts";
import { Letter } from "./letter.ts";

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

/**
 * A message came of a kind that the handler does not take.
 * @param lacking - who lacks what, such as "Chat does not override receive(text)".
 */
export function kindError(kind: "text" | "binary", lacking: string): UsageError {
  return new UsageError("ERR_KIND_NOT_HANDLED", `${unsupported(kind)}: ${lacking}`);
}

/** {@link kindError} of a handler that lacks the method for it; `name` is the handler's. */
export function noMethodError(kind: "text" | "binary", name: string): UsageError {
  return kindError(kind, `${name} has no ${kind === "text" ? "text" : "bytes"}(message)`);
}

/** What the peer is told of it. */
export function unsupported(kind: "text" | "binary"): string {
  return `${kind} messages are not supported here`;
}

/**
 * A layer message came that the handler has no method for.
 * @param handled - the types that it has one for.
 */
export function eventError(
  message: LayerMessage,
  who: string,
  handled: Iterable<string>,
): UsageError {
  const type = JSON.stringify(message.type);
  const nearest = nearestName(message.type, [...handled]);
  const hint = nearest === undefined ? "" : `; it has ${JSON.stringify(nearest)}`;
  return new UsageError(
    "ERR_EVENT_NOT_HANDLED",
    `${who} has no method ${type} for a layer message of that type, which was dropped${hint}`,
  );
}

/** {@link eventError} of a handler that takes no layer messages at all; `name` is the handler's. */
export function noEventError(message: LayerMessage, name: string): UsageError {
  return eventError(message, `${name}, which has no event(message),`, []);
}

/** Something took longer than it may. */
export function timeoutError(what: string, limit: number, consequence: string): UsageError {
  return new UsageError("ERR_HANDLER_TIMEOUT", `${what} more than ${limit} ms, and ${consequence}`);
}

/** A subprotocol was chosen that the client does not know. */
export function subprotocolError(chosen: string, offered: readonly string[]): UsageError {
  return new UsageError(
    "ERR_SUBPROTOCOL",
    `subprotocol ${JSON.stringify(chosen)} was not offered by the client; offered: ${offered.join(", ") || "none"}; choose one of scope.subprotocols, or none`,
  );
}

/** `accept` came after the answer. */
export function acceptError(accepted: boolean): UsageError {
  return accepted
    ? new UsageError(
        "ERR_ALREADY_ACCEPTED",
        "the connection was accepted before: call accept once, or leave it to the return of connect",
      )
    : new UsageError(
        "ERR_CONNECTION_ENDED",
        "the connection was refused before, and cannot be accepted: return after reject",
      );
}

/** Something was sent that nobody can get. */
export function unsendableError(state: "connecting" | "refused"): UsageError {
  return state === "connecting"
    ? new UsageError(
        "ERR_NOT_ACCEPTED",
        "nothing can be sent before the connection is accepted: call accept() first, or return from connect",
      )
    : new UsageError(
        "ERR_CONNECTION_ENDED",
        "the connection was refused: nothing can be sent; return after reject",
      );
}

/** A channel was asked for where there is none. */
export function channelError(): UsageError {
  return new UsageError(
    "ERR_CONNECTION_ENDED",
    "the connection was refused or has ended, so it has no channel and joins nothing",
  );
}

/** Whether an error is ours, with one of these codes. */
export function isFault(error: unknown, ...codes: readonly ErrorCode[]): error is SluiceError {
  return error instanceof SluiceError && codes.includes(error.code);
}
