import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** Mounts every attack of `compliance/hostile` on a server of ours; rejects if one of them does harm. */
async function attack(): Promise<string> {
  const script = join(root, "scripts/compliance-hostile.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [script, "--check"]);
  return stdout;
}

it.runIf(process.platform === "linux")(
  "no attack takes more memory than twice its bytes and 48 MiB, nor holds up the loop for 50 ms",
  async () => {
    const table = await attack();
    expect(table).toMatch(/^\d+ attacks, 0 did harm$/m);
  },
  600_000,
);
