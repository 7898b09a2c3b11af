import type { Logger } from "../internal/logger.ts";

/**
 * The logger where none was given: one JSON object a line on stderr, without `debug`. Whatever came
 * from a peer is a JSON string, so it cannot forge lines.
 */
export const stderrLogger: Logger = {
  debug() {},
  info: (fields, message) => write("info", fields, message),
  warn: (fields, message) => write("warn", fields, message),
  error: (fields, message) => write("error", fields, message),
};

function write(level: string, fields: object, message: string): void {
  const line = JSON.stringify({ level, message, ...fields }, (_key, value: unknown) =>
    value instanceof Error
      ? { name: value.name, message: value.message, stack: value.stack }
      : value,
  );
  process.stderr.write(`${line}\n`);
}
