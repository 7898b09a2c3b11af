import type { Reading } from "./readers.ts";

/** Where sluice and another implementation read something else, for a reason. */
export interface Disagreement {
  /** As it is called in `disagreements.md`. */
  readonly name: string;
  /** Whether it explains two readings, from where they part. Ours has the error behind a failure's code. */
  explains(ours: Reading, theirs: Reading): boolean;
}

const isControl = (call: string) => /^p[io]ng /.test(call);

/** With the receiver of npm's ws. The first that explains a pair is the one that it is put down to. */
export const withWs: readonly Disagreement[] = [
  {
    name: "ws: a length of 2^63 or more is too big, not malformed",
    explains: ([ours], [theirs]) => ours === "fail 1002 ERR_FRAME_LENGTH" && theirs === "fail 1009",
  },
  {
    name: "ws: a length may be longer than it need be",
    explains: ([ours]) => /^fail 100\d ERR_FRAME_LENGTH$/.test(ours ?? ""),
  },
  {
    name: "ws: text is checked when its message is complete",
    explains: ([ours], [theirs]) =>
      ours === "fail 1007 ERR_TEXT_UTF8" &&
      (theirs === undefined || isControl(theirs) || theirs.startsWith("fail ")),
  },
  {
    name: "ws: a frame is looked at from its second octet on",
    explains: ([ours], theirs) => ours?.startsWith("fail 1002 ") === true && theirs.length === 0,
  },
  {
    name: "ws: compressed data may end anywhere",
    explains: ([ours], [theirs]) =>
      ours === "fail 1007 ERR_FRAME_EXTENSION" &&
      theirs !== undefined &&
      /^(text|bytes) /.test(theirs),
  },
  {
    name: "ws: compressed data is inflated fragment by fragment",
    explains: (ours, [theirs]) =>
      theirs === "fail 1007" && ours[0] !== undefined && isControl(ours[0]),
  },
];

/** With the WebSocket of undici, which is the one in Node.js. */
export const withUndici: readonly Disagreement[] = [
  {
    name: "undici: a length may be longer than it need be",
    explains: ([ours]) => ours === "fail 1006 ERR_FRAME_LENGTH",
  },
  {
    name: "undici: a close reason need not be UTF-8",
    explains: ([ours], [theirs]) =>
      ours === "fail 1006 ERR_TEXT_UTF8" && theirs?.startsWith("close ") === true,
  },
];

/** Both readings from where they part, or nothing if they do not. */
export function parting(
  ours: Reading,
  theirs: Reading,
): [ours: Reading, theirs: Reading] | undefined {
  const plain = ours.map((call) => (call.startsWith("fail ") ? call.slice(0, 9) : call));
  let at = 0;
  while (at < ours.length && plain[at] === theirs[at]) at++;
  if (at === ours.length && at === theirs.length) return undefined;
  return [ours.slice(at), theirs.slice(at)];
}
