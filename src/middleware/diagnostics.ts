import { channel } from "node:diagnostics_channel";
import type { Scope } from "../application/scope.ts";

/**
 * What middleware publishes by `node:diagnostics_channel`, beside what a server does. The names and
 * these shapes are public; without a subscriber they cost nothing.
 */
export interface MiddlewareDiagnostics {
  /** A client sent several cookies of one name; the first one counts. */
  "sluice:cookie.duplicate": { readonly scope: Scope; readonly names: readonly string[] };
  /**
   * A session cookie was not believed: its signature is wrong, there are several of them, or the
   * store has no such session any more. The connection goes on without a session, or is refused.
   */
  "sluice:session.reject": {
    readonly scope: Scope;
    readonly reason: "signature" | "duplicate" | "unknown";
  };
  /**
   * A revocation may reach its connections late, by the next check: the layer could not be joined or
   * sent to, or the check itself failed and is tried again.
   */
  "sluice:revocation.error": {
    readonly of: "session" | "user";
    readonly phase: "join" | "send" | "recheck";
    readonly error: unknown;
  };
  /** A message came over a rate limit. */
  "sluice:rate.exceed": {
    readonly scope: Scope;
    /** Its size in bytes. */
    readonly size: number;
    /** What became of it, or of the connection. */
    readonly action: "warn" | "drop" | "close";
  };
}

/** All the names, for those who subscribe to everything. */
export const middlewareDiagnosticNames: readonly (keyof MiddlewareDiagnostics)[] = [
  "sluice:cookie.duplicate",
  "sluice:session.reject",
  "sluice:revocation.error",
  "sluice:rate.exceed",
];

const channels = new Map(middlewareDiagnosticNames.map((name) => [name, channel(name)]));

/** Publishes one event, if anybody listens. */
export function publish<N extends keyof MiddlewareDiagnostics>(
  name: N,
  message: MiddlewareDiagnostics[N],
): void {
  const target = channels.get(name)!;
  if (target.hasSubscribers) target.publish(message);
}

const drops = channel("sluice:message.drop");

/** Publishes that a message was dropped, where a server tells of all that are. */
export function publishDrop(scope: Scope, size: number): void {
  if (drops.hasSubscribers) drops.publish({ scope, size, why: "limit" });
}
