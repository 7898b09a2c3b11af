import type { Logger } from "../internal/logger.ts";

/**
 * The logger where none was given: one JSON object a line on stderr, without `debug`. Whatever came
 * from a peer is a JSON string, so it cannot forge lines. It never throws: what an application threw
 * may be anything.
 */
export const stderrLogger: Logger = {
  debug() {},
  info: (fields, message) => write("info", fields, message),
  warn: (fields, message) => write("warn", fields, message),
  error: (fields, message) => write("error", fields, message),
};

function write(level: string, fields: object, message: string): void {
  process.stderr.write(`${toJson({ level, message, ...fields }) ?? toJson({ level, message })}\n`);
}

/** Undefined for what cannot be written as JSON: a cycle, a getter that throws. */
function toJson(line: object): string | undefined {
  try {
    return JSON.stringify(line, (_key, value: unknown) => {
      if (typeof value === "bigint") return String(value);
      if (!(value instanceof Error)) return value;
      const { name, message, stack, cause } = value;
      const code: unknown = "code" in value ? value.code : undefined;
      return { name, code, message, stack, cause };
    });
  } catch {
    return undefined;
  }
}
