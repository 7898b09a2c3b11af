/** Makes `dist/` what the sources say: the snapshot's copy, put in place by a rename. */
import { cpSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { digest, ensureSnapshot, root, temporaryPath } from "./snapshot.mjs";

const dist = join(root, "dist");

try {
  const built = join(await ensureSnapshot(), "dist");
  if (!existsSync(dist) || digest(dist) !== digest(built)) replace(built);
} catch (error) {
  console.error(`build failed: ${error.message}`);
  process.exitCode = 1;
}

/** A directory cannot be renamed over another one, so the old one steps aside first. */
function replace(built) {
  const fresh = temporaryPath();
  cpSync(built, fresh, { recursive: true });
  try {
    stepAside();
    renameSync(fresh, dist);
  } catch (error) {
    // Another build may have put its own there meanwhile: equal bytes are as good as ours.
    if (!existsSync(dist) || digest(dist) !== digest(built)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function stepAside() {
  if (!existsSync(dist)) return;
  const stale = temporaryPath();
  renameSync(dist, stale);
  rmSync(stale, { recursive: true, force: true });
}
