import { channel } from "node:diagnostics_channel";

/**
 * What the cluster layer publishes by `node:diagnostics_channel`. The names and these shapes are
 * public; without a subscriber they cost nothing.
 */
export interface ClusterDiagnostics {
  /**
   * Messages may be missing in this worker. Groups with a history are brought up, or told a gap; of
   * other groups so many are lost. `backlog`: the worker did not read as fast as they came. `away`: the
   * office could not be reached, or had given the worker up.
   */
  "sluice:cluster.loss": {
    readonly reason: "backlog" | "away";
    /** How many the office did not send; undefined if nobody has counted. */
    readonly messages: number | undefined;
  };
  /** In the primary process: a worker was silent for longer than its lease, and is forgotten. */
  "sluice:cluster.expire": {
    /** How long nothing had come, in milliseconds. */
    readonly silence: number;
  };
}

/** All the names, for those who subscribe to everything. */
export const clusterDiagnosticNames: readonly (keyof ClusterDiagnostics)[] = [
  "sluice:cluster.loss",
  "sluice:cluster.expire",
];

const channels = new Map(clusterDiagnosticNames.map((name) => [name, channel(name)]));

/** Publishes one event, if anybody listens. */
export function publish<N extends keyof ClusterDiagnostics>(
  name: N,
  message: ClusterDiagnostics[N],
): void {
  const target = channels.get(name)!;
  if (target.hasSubscribers) target.publish(message);
}
