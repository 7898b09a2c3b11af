/** `npm run bench`: builds if something changed, then measures. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureSnapshot, root } from "./snapshot.mjs";

const snapshot = await ensureSnapshot().catch((error) => {
  console.error(`build failed: ${error.message}`);
  process.exit(2);
});

const { bench } = await import(pathToFileURL(join(snapshot, "benchmarks/main.js")).href);
process.exitCode = await bench(root, process.argv.slice(2));
