import { UsageError } from "../errors.ts";
import {
  checkedCompression,
  type CompressionOptions,
  defaultCompression,
} from "../protocol/compression-options.ts";

/**
 * Checks what `serve`, `attach` and `connect` are told, before anything of it is used.
 */

/** Refuses option names that do not exist. @throws UsageError `ERR_INVALID_OPTION` naming them. */
export function checkNames(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== "object" || given === null) {
    throw new UsageError("ERR_INVALID_OPTION", `${what} takes an object of options`);
  }
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `${what} has no option "${name}"; it has ${known.join(", ")}`,
      );
    }
  }
}

/** The limits with their defaults. @throws UsageError `ERR_INVALID_OPTION` naming the limit and the value. */
export function completeLimits<Limits extends object>(
  limits: Partial<Limits> = {},
  defaults: Limits,
): Limits {
  // What is undefined is left to its default, as if it had not been written.
  const given = Object.entries<unknown>({ ...limits }).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (!Object.hasOwn(defaults, name)) {
      const known = Object.keys(defaults).join(", ");
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `limits: there is no limit "${name}"; there are ${known}`,
      );
    }
    if (!(Number.isSafeInteger(value) && (value as number) > 0)) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `limits.${name} is ${JSON.stringify(value)}: it has to be a whole number above 0`,
      );
    }
  }
  return { ...defaults, ...Object.fromEntries(given) };
}

/** How to compress, with all defaults; undefined for not at all. @throws UsageError `ERR_INVALID_OPTION` */
export function completeCompression(
  compression: boolean | CompressionOptions,
): Required<CompressionOptions> | undefined {
  if (compression === false) return undefined;
  if (compression === true) return defaultCompression;
  if (typeof compression !== "object" || compression === null) {
    const given = JSON.stringify(compression);
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `compression is ${given}: it has to be true, false or an object of options`,
    );
  }
  return checkedCompression(compression);
}
