/**
 * `npm start`: builds if something changed, then runs the tutorial's site in this very process, so
 * that whoever signals it signals the server. With WORKERS=3 this is the primary process of several,
 * if LAYER is one that joins processes; LAYER=cluster joins nothing else, and means 3 anyway.
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
const { LAYER = "memory", WORKERS = LAYER === "cluster" ? "3" : "" } = process.env;
const program =
  LAYER === "memory" || WORKERS === ""
    ? [main]
    : [join(snapshot, "dist/cli/main.js"), "serve", main, "--workers", WORKERS];
process.argv.splice(1, process.argv.length, ...program);
await import(pathToFileURL(program[0]).href);
