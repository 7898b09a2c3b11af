import type { HistoryRule } from "sluice";

/**
 * Which groups keep what was said in them, so that whoever was cut off gets it later: give these rules
 * to whatever layer the site runs on.
 */
export const history: readonly HistoryRule[] = [
  { groups: "resume", size: 1000, ttl: 3_600_000 },
  { groups: "room.*", size: 500, ttl: 3_600_000, bytes: 1_048_576 },
  { groups: "letters.*", size: 200, ttl: 3_600_000, bytes: 524_288 },
];
