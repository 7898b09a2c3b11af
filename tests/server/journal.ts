import type { Logger } from "sluice";

/** A logger that remembers what it was told. */
export class Journal implements Logger {
  readonly #lines: { readonly level: string; readonly fields: object; readonly message: string }[] =
    [];

  debug(fields: object, message: string): void {
    this.#lines.push({ level: "debug", fields, message });
  }

  info(fields: object, message: string): void {
    this.#lines.push({ level: "info", fields, message });
  }

  warn(fields: object, message: string): void {
    this.#lines.push({ level: "warn", fields, message });
  }

  error(fields: object, message: string): void {
    this.#lines.push({ level: "error", fields, message });
  }

  /** The sentences of one level, in order. */
  messages(level: keyof Logger): string[] {
    return this.#lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  /** The fields that stand beside the sentences of one level. */
  fields(level: keyof Logger): object[] {
    return this.#lines.filter((line) => line.level === level).map(({ fields }) => fields);
  }
}
