import cluster from "node:cluster";
import type { Clock } from "../../internal/clock.ts";
import { OptionCheck } from "../../internal/option-check.ts";
import type { ChannelLayer, LayerMessage } from "../channel-layer.ts";
import type { Codec } from "../codec.ts";
import type { HistoryRule } from "../history-rule.ts";
import type { ClusterOffice } from "./cluster-office.ts";
import { workerPort } from "./ipc.ts";
import { Office } from "./office.ts";
import { portPair } from "./port.ts";
import { WorkerLayer } from "./worker-layer.ts";

/**
 * Options of {@link clusterLayer}. The first five are kept by the office: all processes of a cluster
 * have to say the same.
 */
export interface ClusterLayerOptions {
  /**
   * How many messages wait on a named channel that nobody reads; one more rejects with
   * `ERR_CHANNEL_FULL`. @defaultValue 100
   */
  readonly capacity?: number;
  /** How long a message waits for a reader, in milliseconds. @defaultValue 60 000 */
  readonly expiry?: number;
  /** Which groups have a history, and how much of it. @defaultValue none */
  readonly history?: readonly HistoryRule[];
  /** What all histories together may hold, in bytes as their rules count them. @defaultValue 64 MiB */
  readonly historyBytes?: number;
  /** How long changes of presence are gathered, in milliseconds. @defaultValue 100 */
  readonly presenceInterval?: number;
  /**
   * How long the primary process may take to answer, in milliseconds, until a call rejects with
   * `ERR_LAYER_UNREACHABLE`. @defaultValue 5 000
   */
  readonly timeout?: number;
  /**
   * How much may lie unread by the primary process, in bytes; what would be more is refused with
   * `ERR_LAYER_UNREACHABLE`. @defaultValue 32 MiB
   */
  readonly backlog?: number;
  /**
   * The office of this very process, for a layer in the primary itself.
   * @defaultValue that of the primary; in a process without one, an office of its own
   */
  readonly office?: ClusterOffice;
  /** How messages are written down. @defaultValue `jsonCodec` */
  readonly codec?: Codec;
  /** What tells the time. @defaultValue the system's */
  readonly clock?: Clock;
  /**
   * Gets what members throw, which they must not, and a refusal by the office: other rules than
   * those of the processes that came before.
   * @defaultValue an uncaught exception: silence would hide a bug
   */
  readonly onError?: (error: unknown) => void;
}

const optionNames: readonly string[] = [
  "capacity",
  "expiry",
  "history",
  "historyBytes",
  "presenceInterval",
  "timeout",
  "backlog",
  "office",
  "codec",
  "clock",
  "onError",
] satisfies (keyof ClusterLayerOptions)[];

/**
 * A channel layer for the workers of one machine. In a worker of `node:cluster` it has a line to the
 * office in the primary process; anywhere else it is a cluster of one, and the program is the same.
 *
 * The primary keeps the histories and knows the members, so a worker that ends takes its own
 * connections along and nothing else. If the primary ends, so do its workers, and no position of
 * before is recovered.
 * @throws UsageError `ERR_INVALID_OPTION` for an option that is unknown or out of range.
 */
export function clusterLayer<M extends LayerMessage = LayerMessage>(
  options: ClusterLayerOptions = {},
): ChannelLayer<M> {
  const check = new OptionCheck("clusterLayer");
  check.names(options, optionNames);
  check.callable("onError", options.onError);
  const { office, ...rest } = options;
  const layer = new WorkerLayer(rest);
  if (office === undefined && cluster.isWorker) {
    layer.connect(workerPort());
  } else {
    const { clock } = options;
    // In one process nobody falls silent alone.
    const own = { lease: Number.POSITIVE_INFINITY, ...(clock === undefined ? {} : { clock }) };
    const [here, there] = portPair();
    (office ?? new Office(own)).connect(there);
    layer.connect(here);
  }
  return layer;
}
