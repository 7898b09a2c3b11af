import { describe } from "vitest";
import { redisProgram } from "../../../brokers/redis-servers.ts";

/** Why these tests need not run. With `CI=true` nothing is an excuse: they fail. */
const excuse =
  redisProgram === "" && process.env["CI"] !== "true"
    ? "no Redis: install redis-server, or set REDIS_SERVER to its path"
    : undefined;

/** Tests that need Redis. Without it they are skipped, and their title says why. */
export function describeWithRedis(title: string, tests: () => void): void {
  if (excuse === undefined) describe(title, tests);
  else describe.skip(`${title} (${excuse})`, tests);
}
