import { channelChecks } from "./layer-channel-checks.ts";
import type { LayerCheck } from "./layer-check.ts";
import { groupChecks } from "./layer-group-checks.ts";
import { historyChecks } from "./layer-history-checks.ts";
import { memberChecks } from "./layer-member-checks.ts";
import { messageChecks } from "./layer-message-checks.ts";
import { outageChecks } from "./layer-outage-checks.ts";
import { presenceChecks } from "./layer-presence-checks.ts";
import { recoveryChecks } from "./layer-recovery-checks.ts";

/**
 * What a channel layer has to pass: each promise of {@link ChannelLayer}, tried from outside. They
 * need no test runner, and no layer that delivers at once:
 *
 * ```ts
 * for (const check of layerChecks) {
 *   test(check.name, () => check.run(freshContext()));
 * }
 * ```
 *
 * Some need more of their context than others. A layer that keeps no history leaves out those whose
 * `needs` is `"history"`, one without a backend those with `"outage"`, and says so itself:
 *
 * ```ts
 * const checks = layerChecks.filter(({ needs }) => needs !== "outage");
 * ```
 */
export const layerChecks: readonly LayerCheck[] = [
  ...groupChecks,
  ...channelChecks,
  ...messageChecks,
  ...memberChecks,
  ...presenceChecks,
  ...historyChecks,
  ...recoveryChecks,
  ...outageChecks,
];
