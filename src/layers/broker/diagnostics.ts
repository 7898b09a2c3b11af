import { channel } from "node:diagnostics_channel";

/**
 * What the layers over a broker publish by `node:diagnostics_channel`. The names and these shapes are
 * public; without a subscriber they cost nothing.
 */
export interface BrokerDiagnostics {
  /** Something came from the engine that is not used. */
  "sluice:broker.ignore": {
    /**
     * `version`: it is not ours, or of another version. `key`: no key of ours opens it. `seal`: the key
     * does not open it, because it was altered or moved. `malformed`: it says what it cannot say.
     */
    readonly reason: IgnoreReason;
    /** Where it came: to a `group`, live or from its history, or to a `process`. */
    readonly to: "group" | "process";
  };
  /**
   * Messages may be missing in this process, because the engine was away. Groups with a history are
   * brought up, or told a gap.
   */
  "sluice:broker.miss": Readonly<Record<string, never>>;
  /** What had waited on a fixed name, or had just been sent to it, did not reach its reader. */
  "sluice:broker.loss": {
    /** The fixed name. */
    readonly channel: string;
  };
  /** Another process is not there any more, and its members are not counted. */
  "sluice:broker.expire": {
    /** `gone`: the engine knows. `silent`: it was not heard of for longer than the lease. */
    readonly reason: "gone" | "silent";
  };
}

/** Why something is not used. */
export type IgnoreReason = "version" | "key" | "seal" | "malformed";

/** All the names, for those who subscribe to everything. */
export const brokerDiagnosticNames: readonly (keyof BrokerDiagnostics)[] = [
  "sluice:broker.ignore",
  "sluice:broker.miss",
  "sluice:broker.loss",
  "sluice:broker.expire",
];

const channels = new Map(brokerDiagnosticNames.map((name) => [name, channel(name)]));

/** Publishes one event, if anybody listens. */
export function publish<N extends keyof BrokerDiagnostics>(
  name: N,
  message: BrokerDiagnostics[N],
): void {
  const target = channels.get(name)!;
  if (target.hasSubscribers) target.publish(message);
}
