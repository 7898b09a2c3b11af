/** `npm run fuzz`: builds if something changed, then looks for inputs that the protocol cannot take. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureSnapshot, root } from "./snapshot.mjs";

const snapshot = await ensureSnapshot().catch((error) => {
  console.error(`build failed: ${error.message}`);
  process.exit(2);
});

// The corpus is the checkout's, not the snapshot's.
process.chdir(root);
await import(pathToFileURL(join(snapshot, "fuzz/main.js")).href);
