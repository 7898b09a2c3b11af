import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Reads inputs: one in each line, in hex. Empty lines and those that begin with `#` are for people.
 * A file that is not there holds none.
 */
export function readInputs(file: string): Buffer[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => Buffer.from(line, "hex"));
}

/** Writes inputs, the shortest first, so that the same ones always make the same file. */
export function writeInputs(file: string, inputs: readonly Uint8Array[]): void {
  const lines = inputs
    .map((input) => Buffer.from(input).toString("hex"))
    .filter((line) => line !== "");
  lines.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
}
