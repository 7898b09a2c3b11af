import type { LayerRules } from "../layer-rules.ts";

/**
 * What two sets of rules differ in, in words; undefined if they agree, as all workers of one office have
 * to: it keeps for all of them.
 */
export function contradiction(here: LayerRules, there: LayerRules): string | undefined {
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
] as const satisfies readonly (keyof LayerRules)[];
