import { ChannelLayerError, UsageError } from "../errors.ts";
import { isReservedMessage, reservedPrefix } from "../internal/reserved-message.ts";
import type { LayerMessage } from "./channel-layer.ts";

/** How a layer writes messages down. Both ends of a backend need the same one. */
export interface Codec {
  /**
   * Writes a message, as text or as bytes.
   * @throws ChannelLayerError `ERR_LAYER_MESSAGE` for what would not come back as it was.
   */
  encode(message: LayerMessage): string | Uint8Array;
  /**
   * Reads a message back, deep-frozen: all members of a process share it. The contents of a
   * `Uint8Array` cannot be frozen; readers leave them alone.
   * @throws ChannelLayerError `ERR_LAYER_MESSAGE` for what no encoder of this kind wrote.
   */
  decode(encoded: string | Uint8Array): LayerMessage;
}

/**
 * JSON, plus `Uint8Array`.
 *
 * Whatever it takes comes back equal, and it names the place and the type of what it does not take:
 * `undefined`, functions, symbols, bigints, `NaN`, infinities, instances of classes, objects with a
 * `toJSON`, holes in arrays, cycles, and nesting deeper than 100. Three things are JSON's own way:
 * `-0` comes back as `0`, properties of arrays beside their elements and symbol keys are not seen,
 * and a `Buffer` comes back as the `Uint8Array` that it is.
 *
 * Bytes are written as `{"$bytes":"<base64>"}`; keys that begin with `$` get one more, so nothing
 * that a user writes is taken for bytes.
 */
export const jsonCodec: Codec = {
  encode(message) {
    const verdict = judge(message, 1);
    if (verdict === "plain") return JSON.stringify(message);
    if (verdict === "tagged") return JSON.stringify(message, tag);
    throw invalid(`layer message is not JSON at $${abbreviate(verdict.path)}: ${verdict.what}`);
  },

  decode(encoded) {
    let message: unknown;
    try {
      const text = typeof encoded === "string" ? encoded : utf8.decode(encoded);
      // Every tag and every escaped key is written as `"$`; so is the odd string, at no harm.
      message = text.includes('"$') ? JSON.parse(text, untag) : JSON.parse(text);
    } catch (cause) {
      throw invalid("encoded layer message is not JSON", { cause });
    }
    if (!isObject(message) || typeof message.type !== "string") {
      throw invalid("encoded layer message is not an object with a type");
    }
    freeze(message, 1);
    return message as LayerMessage;
  },
};

/**
 * Checks that a message has a `type` with a dot, outside the reserved prefix `sluice.` unless the
 * framework made it. Layers call it in `send` and `groupSend`, whose promise then rejects.
 * @throws UsageError `ERR_EVENT_TYPE`, with the value.
 */
export function checkMessage(message: unknown): asserts message is LayerMessage {
  const type = (message as { type?: unknown } | null | undefined)?.type;
  if (typeof type !== "string") {
    if (typeof message !== "object" || message === null) {
      const text = quote(typeof message === "string" ? message : "hello");
      throw new UsageError(
        "ERR_EVENT_TYPE",
        `a layer message is an object with a type, { type: "chat.message", text: ${text} } for example, not ${describe(message)}`,
      );
    }
    throw new UsageError(
      "ERR_EVENT_TYPE",
      `layer message has no type: a string like "chat.message" was expected, not ${describe(type)}`,
    );
  }
  if (!type.includes(".")) {
    throw new UsageError(
      "ERR_EVENT_TYPE",
      `layer message type ${quote(type)} has no dot: write it like "chat.message", the name of the method that gets it`,
    );
  }
  if (type.startsWith(reservedPrefix) && !isReservedMessage(message as object)) {
    throw new UsageError(
      "ERR_EVENT_TYPE",
      `layer message type ${quote(type)} begins with the reserved "${reservedPrefix}"`,
    );
  }
}

/** Objects and arrays inside each other. Both ways of the codec recurse; neither may exhaust the stack. */
const maxDepth = 100;

/** Bytes that are not UTF-8 throw: replaced characters would be a change that nobody noticed. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** What JSON cannot carry, and where it is, seen from the value that was judged. */
interface Fault {
  readonly path: string;
  readonly what: string;
}

/** Whether JSON can carry a value as it is, with bytes and keys tagged, or not at all. */
function judge(value: unknown, depth: number): "plain" | "tagged" | Fault {
  switch (typeof value) {
    case "string":
    case "boolean":
      return "plain";
    case "number":
      return Number.isFinite(value) ? "plain" : { path: "", what: String(value) };
    case "object":
      if (value === null) return "plain";
      if (value instanceof Uint8Array) return "tagged";
      // A cycle ends here too, which is cheaper than to remember every object on the way.
      if (depth > maxDepth) return { path: "", what: `a cycle, or more than ${maxDepth} levels` };
      return Array.isArray(value) ? judgeArray(value, depth) : judgeObject(value, depth);
    default:
      return { path: "", what: describe(value) };
  }
}

function judgeObject(object: object, depth: number): "plain" | "tagged" | Fault {
  if (!isPlain(object) || hasToJSON(object)) return { path: "", what: describe(object) };
  let verdict: "plain" | "tagged" = "plain";
  for (const key of Object.keys(object)) {
    if (key.startsWith("$")) verdict = "tagged";
    const inner = judge((object as Record<string, unknown>)[key], depth + 1);
    if (inner === "plain") continue;
    if (inner !== "tagged") return { path: step(key) + inner.path, what: inner.what };
    verdict = "tagged";
  }
  return verdict;
}

function judgeArray(array: readonly unknown[], depth: number): "plain" | "tagged" | Fault {
  if (hasToJSON(array)) return { path: "", what: "an array with a toJSON" };
  let verdict: "plain" | "tagged" = "plain";
  for (let index = 0; index < array.length; index += 1) {
    const inner = judge(array[index], depth + 1);
    if (inner === "plain") continue;
    if (inner !== "tagged") {
      const what = index in array ? inner.what : "a hole";
      return { path: `[${index}]${inner.path}`, what };
    }
    verdict = "tagged";
  }
  return verdict;
}

/** Made by `{}`, by `Object.create(null)`, or by the `{}` of another realm such as a test runner's. */
function isPlain(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function hasToJSON(object: object): boolean {
  return typeof (object as { toJSON?: unknown }).toJSON === "function";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A replacer for `JSON.stringify`: writes bytes as `{"$bytes":…}` and `$key` as `$$key`. */
function tag(this: Record<string, unknown>, key: string, value: unknown): unknown {
  // `value` is what a Buffer's own `toJSON` made of it; the holder still has the bytes.
  const original = this[key];
  if (original instanceof Uint8Array) {
    const { buffer, byteOffset, byteLength } = original;
    return { $bytes: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
  }
  if (!isObject(value)) return value;
  return renameKeys(value, (name) => (name.startsWith("$") ? `$${name}` : name));
}

/** A reviver for `JSON.parse`: what {@link tag} wrote becomes what it was. */
function untag(_key: string, value: unknown): unknown {
  if (!isObject(value)) return value;
  if (typeof value.$bytes === "string" && Object.keys(value).length === 1) {
    return new Uint8Array(Buffer.from(value.$bytes, "base64"));
  }
  return renameKeys(value, (name) => (name.startsWith("$$") ? name.slice(1) : name));
}

/** A copy with other keys, or the same object when none changes. */
function renameKeys(object: Record<string, unknown>, rename: (key: string) => string): object {
  if (Object.keys(object).every((key) => rename(key) === key)) return object;
  // fromEntries defines properties; an assignment to `__proto__` would reach the prototype.
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [rename(key), value]));
}

function freeze(value: object, depth: number): void {
  if (depth > maxDepth) throw invalid(`encoded layer message has more than ${maxDepth} levels`);
  for (const inner of Object.values(value)) {
    if (typeof inner !== "object" || inner === null || inner instanceof Uint8Array) continue;
    freeze(inner, depth + 1);
  }
  Object.freeze(value);
}

function invalid(message: string, options?: ErrorOptions): ChannelLayerError {
  return new ChannelLayerError("ERR_LAYER_MESSAGE", message, options);
}

/** One step of a path: `.name`, or `["any text"]`. */
function step(key: string): string {
  return /^[\w$]+$/.test(key) ? `.${key}` : `[${quote(key)}]`;
}

/** A value in words: `undefined`, `a bigint`, `a Date`. */
function describe(value: unknown): string {
  if (value === undefined || value === null || typeof value === "boolean") return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (isPlain(value)) return hasToJSON(value) ? "an object with a toJSON" : "an object";
  const name: unknown = value.constructor?.name;
  if (typeof name !== "string" || name === "") return "an instance of a nameless class";
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}

/** Quoted for an error message: no line ends, and not endless. */
function quote(text: string): string {
  return JSON.stringify(abbreviate(text));
}

function abbreviate(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
