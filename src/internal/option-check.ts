import { UsageError } from "../errors.ts";
import { nameOfKind } from "./name-of-kind.ts";
import { checkOptionNames } from "./option-names.ts";

/**
 * Checks the options that something is made with, when it is made: nothing of them shows only at a
 * connection. Every method throws a UsageError `ERR_INVALID_OPTION` that names the option and the value.
 */
export class OptionCheck {
  readonly #of: string;

  /** `of` is what the options are for, such as `serve`. */
  constructor(of: string) {
    this.#of = of;
  }

  /** Refuses names that do not exist, and what is no object, which would be written as `form` says. */
  names(given: unknown, known: readonly string[], form?: string): void {
    checkOptionNames(this.#of, given, known, form);
  }

  /** Refuses what is not a number above 0; `Infinity` is one. */
  positive(name: string, value: number): void {
    if (!(value > 0)) this.wrong(name, value, "a number above 0");
  }

  /** Refuses what is not a whole number from `least` to `most`. */
  whole(name: string, value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): void {
    const isWhole = Number.isSafeInteger(value);
    if (isWhole && (value as number) >= least && (value as number) <= most) return;
    const end = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
    this.wrong(name, value, `a whole number from ${least}${end}`);
  }

  /** Refuses what is not one of a list. */
  oneOf(name: string, value: unknown, list: readonly unknown[]): void {
    if (!list.includes(value)) {
      this.wrong(name, value, `one of ${list.map((each) => JSON.stringify(each)).join(", ")}`);
    }
  }

  /** Refuses what cannot be called. Undefined is not given. */
  callable(name: string, value: unknown, expected: string = "a function"): void {
    if (value !== undefined && typeof value !== "function") this.wrong(name, value, expected);
  }

  /** Refuses what is no channel layer; the function that makes one, for example. */
  layer(name: string, value: unknown): void {
    const { groupSend } = (value ?? {}) as { readonly groupSend?: unknown };
    if (typeof groupSend === "function") return;
    this.wrong(name, value, "a channel layer, memoryLayer() for example");
  }

  /** Refuses a value. */
  wrong(name: string, value: unknown, expected: string): never {
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `the option ${name} of ${this.#of} is ${shown(value)}; it must be ${expected}`,
    );
  }
}

/** Text stands as it is: `wrong` is also told what is the matter in words. */
function shown(value: unknown): string {
  if (typeof value !== "object" || value === null) {
    return typeof value === "function" ? nameOfKind(value) : String(value);
  }
  return nameOfKind(value);
}
