/**
 * A place in a group's history: the `offset`th message since `epoch` began. Within an epoch an offset
 * names one message for ever; another epoch is another history, even of the same group.
 */
export interface Position {
  readonly epoch: string;
  /** From 1; 0 is the place before the first message. */
  readonly offset: number;
}

/** The longest text that is read as a position. What is longer came from somewhere else. */
export const maxPositionLength = 128;

/** Letters that stay as they are in a URL, so that a client may resume with `?since=`. */
const shape = /^([\w.-]+)\.(0|[1-9]\d{0,15})$/;

/**
 * Writes a position as one opaque string, so that nobody can put one history's epoch beside another
 * one's offset. `epoch` is made of letters, digits and `_`, `-`, `.`, at most 100 of them.
 */
export function formatPosition(epoch: string, offset: number): string {
  return `${epoch}.${offset}`;
}

/**
 * Reads a position, which may come from anybody: undefined for what {@link formatPosition} never
 * writes. Only one text stands for each position, and an empty epoch is none.
 */
export function parsePosition(text: unknown): Position | undefined {
  if (typeof text !== "string" || text.length > maxPositionLength) return undefined;
  const parts = shape.exec(text);
  if (parts === null) return undefined;
  const offset = Number(parts[2]);
  return Number.isSafeInteger(offset) ? { epoch: parts[1]!, offset } : undefined;
}
