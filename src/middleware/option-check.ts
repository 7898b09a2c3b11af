import { UsageError } from "../errors.ts";

/**
 * Checks what a middleware was told, when it is made: nothing of it shows only at a connection.
 * Every method throws a UsageError `ERR_INVALID_OPTION` that names the option and the value.
 */
export class OptionCheck {
  readonly #of: string;

  /** `of` is the middleware's name. */
  constructor(of: string) {
    this.#of = of;
  }

  /** Refuses names that do not exist. */
  names(given: object, known: readonly string[]): void {
    for (const name of Object.keys(given)) {
      if (!known.includes(name)) {
        this.#fail(`${this.#of} has no option "${name}"; it has ${known.join(", ")}`);
      }
    }
  }

  /** Refuses what is not a number above 0; `Infinity` is one. */
  positive(name: string, value: number): void {
    if (!(value > 0)) this.wrong(name, value, "a number above 0");
  }

  /** Refuses what is not one of a list. */
  oneOf(name: string, value: unknown, list: readonly unknown[]): void {
    if (!list.includes(value)) this.wrong(name, value, `one of ${list.join(", ")}`);
  }

  /** Refuses a value. */
  wrong(name: string, value: unknown, expected: string): never {
    this.#fail(`the option ${name} of ${this.#of} is ${String(value)}; it must be ${expected}`);
  }

  #fail(message: string): never {
    throw new UsageError("ERR_INVALID_OPTION", message);
  }
}
