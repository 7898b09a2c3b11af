import type { ServerLimits } from "sluice";

/** The limits of a server for messages up to some size: the default ones, wherever these do. */
export function limitsFor(largest: number): ServerLimits {
  if (largest <= 1024 * 1024) return {};
  return { maxMessageSize: largest, mailboxSize: 2 * largest, outboxSize: 4 * largest };
}
