import process from "node:process";

/** Says a line to whoever started the program. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Warns whoever started the program. */
export function warn(line: string): void {
  process.stderr.write(`warning: ${line}\n`);
}
