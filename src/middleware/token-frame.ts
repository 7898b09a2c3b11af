/** The longest text message that is looked into for a token, in characters: larger than any header. */
export const maxTokenFrame = 16_384;

/**
 * Reads the token of a text message: `{"type":"auth","token":"…"}` if it is the first one, later
 * `{"type":"auth.refresh","token":"…"}`. Undefined for every other message.
 */
export function readTokenFrame(message: string, first: boolean): string | undefined {
  const type = first ? "auth" : "auth.refresh";
  // Most messages are none of these, and need not be parsed to see it.
  if (!message.startsWith("{") || !message.includes(`"${type}"`)) return undefined;
  let frame: unknown;
  try {
    frame = JSON.parse(message);
  } catch {
    return undefined;
  }
  const { type: found, token } = frame as { type?: unknown; token?: unknown };
  return found === type && typeof token === "string" ? token : undefined;
}
