/**
 * `npm start`: builds if something changed, then runs the tutorial's site in this very process, so
 * that whoever signals it signals the server. With LAYER=cluster this is the primary process of
 * several, as many as WORKERS says (3).
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
const { LAYER, WORKERS = "3" } = process.env;
const program =
  LAYER === "cluster"
    ? [join(snapshot, "dist/cli/main.js"), "serve", main, "--workers", WORKERS]
    : [main];
process.argv.splice(1, process.argv.length, ...program);
await import(pathToFileURL(program[0]).href);
