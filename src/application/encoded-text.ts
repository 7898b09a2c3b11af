import { UsageError } from "../errors.ts";
import { nameOfKind } from "../internal/name-of-kind.ts";
import type { TextCodec } from "./text-codec.ts";

/**
 * The text of a value. A value that cannot change, as what the layer delivers, is encoded once for
 * all the connections that it is sent to: the text is kept beside the value and goes with it.
 * @throws UsageError `ERR_SEND_DATA` for what the codec has no text for, `undefined` in JSON.
 */
export function encodedText(codec: TextCodec, value: unknown): string {
  if (typeof value !== "object" || value === null || !Object.isFrozen(value)) {
    return encode(codec, value);
  }
  let texts = kept.get(codec);
  if (texts === undefined) {
    texts = new WeakMap();
    kept.set(codec, texts);
  }
  const known = texts.get(value);
  if (known !== undefined) return known;
  const text = encode(codec, value);
  if (isDeepFrozen(value, 1)) texts.set(value, text);
  return text;
}

const kept = new WeakMap<TextCodec, WeakMap<object, string>>();

function encode(codec: TextCodec, value: unknown): string {
  // A codec of plain JavaScript promises nothing.
  const text: unknown = codec.encode(value);
  if (typeof text === "string") return text;
  throw new UsageError(
    "ERR_SEND_DATA",
    `${nameOfKind(value)} cannot be sent as text by this codec`,
  );
}

/** Layer messages are not nested deeper; what is may well be a cycle. */
const maxDepth = 100;

/**
 * Whether nothing of a value can ever change: frozen all the way down, and of nothing but arrays and
 * plain objects with plain properties. A `Date` or bytes stay changeable however they are frozen,
 * and an accessor or an inherited `toJSON` may say something else the next time.
 */
function isDeepFrozen(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  if (depth > maxDepth || !Object.isFrozen(value) || !isPlain(value)) return false;
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || !("value" in property)) return false;
    if (!isDeepFrozen(property.value, depth + 1)) return false;
  }
  return true;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || prototype === Array.prototype;
}
