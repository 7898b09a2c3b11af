/**
 * `npm start`: builds if something changed, then runs the tutorial's chat in this very process, so
 * that whoever signals it signals the server.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureSnapshot, touch } from "./snapshot.mjs";

const snapshot = await ensureSnapshot().catch((error) => {
  console.error(`build failed: ${error.message}`);
  process.exit(1);
});

// A server that runs for days keeps its files.
setInterval(() => touch(snapshot), 60 * 60 * 1000).unref();

const main = join(snapshot, "examples/tutorial/main.js");
process.argv[1] = main;
await import(pathToFileURL(main).href);
