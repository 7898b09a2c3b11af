import process from "node:process";

/** Says something to whoever runs the bench. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
