import { ChannelLayerError } from "../errors.ts";

/** The longest name of a channel or group, in bytes of UTF-8: a tenant, a kind and a few ids fit. */
export const maxNameLength = 200;

/**
 * The start of every name that a layer makes for a channel without a fixed one. No fixed name may
 * begin with it, so a message to a reader that is gone is known as such and never kept waiting.
 */
export const anonymousPrefix = "sluice.";

/** What is named: all obey the same rules. */
export type NameKind = "channel" | "group" | "message id" | "presence key";

/** A UTF-16 code unit takes at most three bytes of UTF-8: shorter names need no counting. */
const surelyShort = Math.floor(maxNameLength / 3);

const loneSurrogate = /\p{Surrogate}/u;

/**
 * Checks the name of a channel or group, or what else is a name. Every well-formed Unicode string of 1 to 200 bytes of
 * UTF-8 is one, whatever it means to a backend: wildcards, spaces and line ends included. Names are
 * compared code unit by code unit; nothing is normalised.
 * @throws ChannelLayerError `ERR_LAYER_NAME`, with the length and the limit.
 */
export function checkName(kind: NameKind, name: unknown): asserts name is string {
  if (typeof name !== "string") {
    throw invalid(`${nameOf(kind)} is not a string but of type ${typeof name}`);
  }
  if (name === "") throw invalid(`${nameOf(kind)} is empty`);
  if (name.length > surelyShort) {
    const length = Buffer.byteLength(name);
    if (length > maxNameLength) {
      throw invalid(`${nameOf(kind)} of ${length} bytes exceeds the limit of ${maxNameLength}`);
    }
  }
  // Two names that differ in lone surrogates only would become one name in UTF-8.
  if (loneSurrogate.test(name)) {
    throw invalid(`${nameOf(kind)} has a lone surrogate: ${JSON.stringify(name)}`);
  }
}

function nameOf(kind: NameKind): string {
  return kind === "channel" || kind === "group" ? `${kind} name` : kind;
}

/**
 * Checks the fixed name of a channel: as {@link checkName}, and outside the reserved prefix.
 * @throws ChannelLayerError `ERR_LAYER_NAME`.
 */
export function checkFixedName(name: unknown): asserts name is string {
  checkName("channel", name);
  if (name.startsWith(anonymousPrefix)) {
    throw invalid(
      `channel name ${JSON.stringify(name)} begins with the reserved "${anonymousPrefix}"`,
    );
  }
}

function invalid(message: string): ChannelLayerError {
  return new ChannelLayerError("ERR_LAYER_NAME", message);
}
