/**
 * Installs a folder that has a lockfile of its own, so that `npm ci` at the top stays quick: the
 * frameworks of `examples/mounts/`, the compilers of `tests/package/tools/`. Does nothing when that
 * lockfile was installed before.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digest, root } from "./snapshot.mjs";

const minute = 60_000;

/** The folders. */
export const installedFolders = ["examples/mounts", "tests/package/tools"];

/** Whether everything that a folder needs is there now. */
export function ensureInstalled(name) {
  const folder = join(root, name);
  // Says which files were installed: `npm ci` removes it with everything else before it begins.
  const stamp = join(folder, "node_modules/.installed");
  const wanted = digest(folder, [".npmrc", "package.json", "package-lock.json"]);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return true;
  // A download that stands still is begun again, not waited for.
  const { status } = spawnSync("npm", ["ci", "--prefer-offline", `--fetch-timeout=${minute}`], {
    cwd: folder,
    stdio: "inherit",
    timeout: 8 * minute,
  });
  if (status === 0) writeFileSync(stamp, wanted);
  return status === 0;
}
