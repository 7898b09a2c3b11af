/**
 * Installs what the examples in `examples/mounts/` need: whole frameworks, with a lockfile of their
 * own, so that `npm ci` at the top stays quick. Does nothing when that lockfile was installed before.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digest, root } from "./snapshot.mjs";

const mounts = join(root, "examples/mounts");

/** Says which files were installed: `npm ci` removes it with everything else before it begins. */
const stamp = join(mounts, "node_modules/.installed");

const minute = 60_000;

/** Whether everything is there now. */
export function ensureMounts() {
  const wanted = digest(mounts, [".npmrc", "package.json", "package-lock.json"]);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return true;
  // A download that stands still is begun again, not waited for.
  const { status } = spawnSync("npm", ["ci", "--prefer-offline", `--fetch-timeout=${minute}`], {
    cwd: mounts,
    stdio: "inherit",
    timeout: 8 * minute,
  });
  if (status === 0) writeFileSync(stamp, wanted);
  return status === 0;
}
