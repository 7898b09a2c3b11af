/** `npm run compliance:hostile`: builds if something changed, then mounts the attacks. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureSnapshot } from "./snapshot.mjs";

const snapshot = await ensureSnapshot().catch((error) => {
  console.error(`build failed: ${error.message}`);
  process.exit(2);
});

await import(pathToFileURL(join(snapshot, "compliance/hostile/main.js")).href);
