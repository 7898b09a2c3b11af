import { OptionCheck } from "../../internal/option-check.ts";
import { type HistoryRule, HistoryRules } from "../history-rule.ts";

/** What all workers of one office have to agree on, since the office keeps it for all of them. */
export interface ClusterRules {
  readonly capacity: number;
  readonly expiry: number;
  readonly historyBytes: number;
  readonly presenceInterval: number;
  readonly history: readonly HistoryRule[];
}

/**
 * The rules that were given, and the defaults of the others.
 * @throws UsageError `ERR_INVALID_OPTION`, with the value and what it must be.
 */
export function completeRules(given: Partial<ClusterRules>): ClusterRules {
  const check = new OptionCheck("clusterLayer");
  const { capacity = 100, expiry = 60_000, presenceInterval = 100 } = given;
  const { history = [], historyBytes = 64 * 1024 * 1024 } = given;
  if (!Number.isSafeInteger(capacity) || capacity < 0) {
    check.wrong("capacity", capacity, "a whole number from 0");
  }
  if (!(expiry > 0 && expiry <= longestTimer)) {
    check.wrong("expiry", expiry, `above 0 and at most ${longestTimer}`);
  }
  if (!Number.isSafeInteger(historyBytes) || historyBytes < 1) {
    check.wrong("historyBytes", historyBytes, "a whole number from 1");
  }
  if (!(presenceInterval >= 0 && presenceInterval <= longestTimer)) {
    check.wrong("presenceInterval", presenceInterval, `from 0 to ${longestTimer}`);
  }
  // Looks at each of them, so that a mistake comes to light at the call.
  new HistoryRules(history);
  return { capacity, expiry, historyBytes, presenceInterval, history };
}

/** What two sets of rules differ in, in words; undefined if they agree. */
export function contradiction(here: ClusterRules, there: ClusterRules): string | undefined {
  for (const name of ruleNames) {
    const [one, other] = [JSON.stringify(here[name]), JSON.stringify(there[name])];
    if (one !== other) {
      return `the option ${name} of clusterLayer is ${one} here and ${other} in the processes that came before; all of one cluster need the same`;
    }
  }
  return undefined;
}

const ruleNames = [
  "capacity",
  "expiry",
  "historyBytes",
  "presenceInterval",
  "history",
] as const satisfies readonly (keyof ClusterRules)[];

/** Node's timers hold 31 bits of milliseconds and fire at once for more. */
const longestTimer = 2 ** 31 - 1;
