/** `npm run bench:delivery`: builds if something changed, then compares what arrives in bad weather. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureSnapshot } from "./snapshot.mjs";
import { findProgram } from "./system-packages.mjs";

const snapshot = await ensureSnapshot().catch((error) => {
  console.error(`build failed: ${error.message}`);
  process.exit(2);
});

process.env.REDIS_SERVER ??= findProgram("redis-server") ?? "";
process.env.NATS_SERVER ??= findProgram("nats-server") ?? "";
await import(pathToFileURL(join(snapshot, "benchmarks/delivery/main.js")).href);
