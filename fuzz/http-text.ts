/** Something like an HTTP message, so that inputs can be read and mutated line by line. */
export interface HttpText {
  /** The words of the first line. */
  readonly start: readonly string[];
  /** Names and values by turns, as a parser for HTTP would hand them on. */
  readonly rawHeaders: readonly string[];
  /** What follows the first empty line. */
  readonly body: Buffer;
}

/** Takes octets for a message with lines that end with LF. Every input is one. */
export function readHttpText(octets: Buffer): HttpText {
  const text = octets.toString("latin1");
  const end = text.indexOf("\n\n");
  const [start = "", ...lines] = (end === -1 ? text : text.slice(0, end)).split("\n");
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return colon === -1 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1)];
  });
  const body = end === -1 ? Buffer.alloc(0) : octets.subarray(end + 2);
  return { start: start.split(" "), rawHeaders, body };
}
