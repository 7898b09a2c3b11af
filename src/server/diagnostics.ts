import { channel } from "node:diagnostics_channel";
import type { Phase } from "../application/fault.ts";
import type { Scope } from "../application/scope.ts";
import type { HandshakeError, ProtocolError } from "../errors.ts";

/**
 * What a server publishes by `node:diagnostics_channel`: the seam for metrics and tracing. The names
 * and these shapes are public; without a subscriber they cost nothing.
 */
export interface Diagnostics {
  /** A connection was accepted. */
  "sluice:connection.open": { readonly scope: Scope };
  /** A connection that was accepted has ended. */
  "sluice:connection.close": {
    readonly scope: Scope;
    readonly code: number;
    readonly reason: string;
    /** Whether the closing handshake was completed. */
    readonly clean: boolean;
  };
  /** A TCP connection was not taken: as many are open as the system has file descriptors for. */
  "sluice:connection.drop": {
    readonly address: string | undefined;
    /** How many are open, of any kind. */
    readonly connections: number;
  };
  /** An opening handshake was refused by the server or by the application. */
  "sluice:handshake.reject": {
    readonly target: string;
    readonly status: number;
    /** Why, if it was the server; undefined if it was the application. */
    readonly error: HandshakeError | undefined;
  };
  /**
   * A message was dropped: `slow`, by the slow policy; `closed`, sent after the end; `limit`, over
   * the limit of `rateLimit`.
   */
  "sluice:message.drop": {
    readonly scope: Scope;
    /** Its size in bytes, 0 for a layer message that met a full mailbox. */
    readonly size: number;
    readonly why: "slow" | "closed" | "limit";
  };
  /** The peer broke the protocol. */
  "sluice:protocol.error": { readonly scope: Scope; readonly error: ProtocolError };
  /** The application failed at one connection. */
  "sluice:application.error": {
    readonly scope: Scope;
    readonly error: unknown;
    readonly phase: Phase;
    readonly consumer: string;
  };
}

/** All the names, for those who subscribe to everything. */
export const diagnosticNames: readonly (keyof Diagnostics)[] = [
  "sluice:connection.open",
  "sluice:connection.close",
  "sluice:connection.drop",
  "sluice:handshake.reject",
  "sluice:message.drop",
  "sluice:protocol.error",
  "sluice:application.error",
];

const channels = new Map(diagnosticNames.map((name) => [name, channel(name)]));

/** Publishes one event, if anybody listens. */
export function publish<N extends keyof Diagnostics>(name: N, message: Diagnostics[N]): void {
  const target = channels.get(name)!;
  if (target.hasSubscribers) target.publish(message);
}
