import { OptionCheck } from "../internal/option-check.ts";
import { type HistoryRule, HistoryRules } from "./history-rule.ts";

/** How much is kept on one machine, and for how long: in its only process, or by the office of several. */
export interface LayerRules {
  readonly capacity: number;
  readonly expiry: number;
  readonly historyBytes: number;
  readonly presenceInterval: number;
  readonly history: readonly HistoryRule[];
}

/**
 * The rules that were given, and the defaults of the others. `layer` is how the user calls it.
 * @throws UsageError `ERR_INVALID_OPTION`, with the option, its value and what it must be.
 */
export function completeRules(given: Partial<LayerRules>, layer: string): LayerRules {
  const check = new OptionCheck(layer);
  const { capacity = 100, expiry = 60_000, presenceInterval = 100 } = given;
  const { history = [], historyBytes = 64 * 1024 * 1024 } = given;
  check.whole("capacity", capacity, 0);
  if (!(expiry > 0 && expiry <= longestTimer)) {
    check.wrong("expiry", expiry, `above 0 and at most ${longestTimer}`);
  }
  check.whole("historyBytes", historyBytes, 1);
  if (!(presenceInterval >= 0 && presenceInterval <= longestTimer)) {
    check.wrong("presenceInterval", presenceInterval, `from 0 to ${longestTimer}`);
  }
  // Looks at each of them, so that a mistake comes to light at the call.
  new HistoryRules(history);
  return { capacity, expiry, historyBytes, presenceInterval, history };
}

/** Node's timers hold 31 bits of milliseconds and fire at once for more. */
const longestTimer = 2 ** 31 - 1;
