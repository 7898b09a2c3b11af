/** `npm run bench:million`: builds if something changed, then works out what a million members cost. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureSnapshot, root } from "./snapshot.mjs";
import { findProgram } from "./system-packages.mjs";

const snapshot = await ensureSnapshot().catch((error) => {
  console.error(`build failed: ${error.message}`);
  process.exit(2);
});

process.env.REDIS_SERVER ??= findProgram("redis-server") ?? "";
process.env.NATS_SERVER ??= findProgram("nats-server") ?? "";
const main = join(snapshot, "benchmarks/million/main.js");
const parameters = [main, root, ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, parameters, { stdio: "inherit" }).status ?? 2;
