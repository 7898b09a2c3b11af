import { UsageError } from "../errors.ts";

/**
 * One message of a connection that carries streams, as the peer sent it: JSON with a `stream` and one
 * thing more.
 */
export type StreamFrame =
  | { readonly stream: string; readonly payload: string }
  | {
      readonly stream: string;
      readonly closed: { readonly code: number; readonly reason: string };
    };

/** Reads a frame; undefined for JSON that is none. @throws SyntaxError for what is not JSON. */
export function readFrame(text: string): StreamFrame | undefined {
  const frame: unknown = JSON.parse(text);
  if (!isObject(frame) || typeof frame.stream !== "string") return undefined;
  const { stream } = frame;
  if (Object.hasOwn(frame, "payload")) return { stream, payload: JSON.stringify(frame.payload) };
  const { closed } = frame;
  if (!isObject(closed)) return undefined;
  const { code = 1000, reason = "" } = closed;
  if (!isStreamCode(code) || typeof reason !== "string") return undefined;
  return { stream, closed: { code, reason } };
}

/**
 * The frame of a text that a stream's application sends.
 * @throws UsageError `ERR_SEND_DATA` for anything but JSON text: what is not would break the frame.
 */
export function payloadFrame(stream: string, data: string | Uint8Array): string {
  if (typeof data !== "string" || !isJson(data)) {
    const what = typeof data === "string" ? `${data.length} characters` : `${data.length} bytes`;
    throw new UsageError(
      "ERR_SEND_DATA",
      `the stream ${JSON.stringify(stream)} carries JSON text; ${what} of something else were sent`,
    );
  }
  return `{"stream":${JSON.stringify(stream)},"payload":${data}}`;
}

/** The frame that tells the end of a stream. */
export function closedFrame(stream: string, code: number, reason: string): string {
  return JSON.stringify({ stream, closed: { code, reason } });
}

/** The frame that tells that a stream's application did not take the connection. */
export function refusedFrame(stream: string, status: number, body: string | undefined): string {
  return JSON.stringify({ stream, refused: { status, body } });
}

/** The frame that answers one for a stream that does not exist. */
export function unknownFrame(stream: string): string {
  return JSON.stringify({ stream, error: "no such stream" });
}

/** Whether a stream may end with a code: any that a connection may, and all that say how one ended. */
export function isStreamCode(code: unknown): code is number {
  return Number.isInteger(code) && (code as number) >= 1000 && (code as number) <= 4999;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
