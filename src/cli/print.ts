import process from "node:process";

/** Says a line to whoever started the program. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
