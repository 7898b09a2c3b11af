import { OptionCheck } from "../../internal/option-check.ts";
import { checkOptionNames } from "../../internal/option-names.ts";
import type { ChannelLayer, LayerMessage } from "../channel-layer.ts";
import { BrokerLayer } from "../broker/broker-layer.ts";
import { type BrokerLayerOptions, brokerOptionNames } from "../broker/options.ts";
import { type HistoryRule, HistoryRules } from "../history-rule.ts";
import { maxAgeOf, type StreamOptions } from "./stream-finder.ts";
import { NatsBroker } from "./nats-broker.ts";
import type { NatsConnection } from "./nats-connection.ts";

/** Options of {@link natsLayer}. All processes need the same, but for `connection`. */
export interface NatsLayerOptions extends BrokerLayerOptions {
  /**
   * What `connect` of `@nats-io/transport-node` resolved with. It stays yours: close it after the
   * layer. Connect with `maxReconnectAttempts: -1`, or it gives up after a while.
   */
  readonly connection: NatsConnection;
  /** How the streams are kept that groups with a history need. @defaultValue in files, once */
  readonly jetstream?: StreamOptions;
  /** With what all subjects begin: letters, digits, `_`, `-` and dots. @defaultValue "sluice" */
  readonly prefix?: string;
}

const optionNames: readonly string[] = ["connection", "jetstream", "prefix", ...brokerOptionNames];
const streamOptionNames: readonly string[] = ["storage", "replicas", "bytes", "domain"];

/**
 * A channel layer for processes on many machines, over NATS: everybody who has a connection to the
 * same servers, and gives the same `prefix`, is in one layer.
 *
 * Groups with a history need JetStream; all others do without.
 * @throws UsageError `ERR_INVALID_OPTION` for an option out of range.
 */
export function natsLayer<M extends LayerMessage = LayerMessage>(
  options: NatsLayerOptions,
): ChannelLayer<M> {
  const check = new OptionCheck("natsLayer");
  check.names(options, optionNames);
  const { connection, jetstream, prefix, ...rest } = options;
  if (typeof (connection as Partial<NatsConnection> | undefined)?.subscribe !== "function") {
    check.wrong("connection", connection, "what connect of @nats-io/transport-node resolved with");
  }
  // Members here hear what is sent here by the echo. The client does not publish its options.
  if ((connection as { options?: { noEcho?: unknown } }).options?.noEcho === true) {
    check.wrong("connection", "made with noEcho", "made without: a layer needs the echo");
  }
  checkStreams(check, jetstream);
  const broker = new NatsBroker({
    connection,
    ...(jetstream === undefined ? {} : { jetstream }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(rest.timeout === undefined ? {} : { timeout: rest.timeout }),
    ...(rest.clock === undefined ? {} : { clock: rest.clock }),
  });
  const checkInterval = rest.checkInterval ?? checkIntervalFor(rest.history);
  return new BrokerLayer(broker, { ...rest, checkInterval }, "natsLayer");
}

function checkStreams(check: OptionCheck, options: StreamOptions = {}): void {
  checkOptionNames("jetstream of natsLayer", options, streamOptionNames, '{ storage: "file" }');
  const { storage, replicas, bytes } = options;
  if (storage !== undefined) check.oneOf("jetstream.storage", storage, ["file", "memory"]);
  if (replicas !== undefined) check.whole("jetstream.replicas", replicas, 1, 5);
  if (bytes !== undefined) check.whole("jetstream.bytes", bytes, 1);
}

/**
 * A stream forgets a group with its last message, so a quiet one has to be looked at while what came
 * since the last time must still be there: six times while a message is held.
 */
function checkIntervalFor(history: unknown): number {
  // What is no list of rules is refused by the layer.
  const rules = Array.isArray(history) ? (history as HistoryRule[]) : [];
  const shares = new HistoryRules(rules).all.map((rule) => maxAgeOf(rule) / looksPerAge);
  return Math.max(leastInterval, Math.floor(Math.min(mostInterval, ...shares)));
}

const looksPerAge = 6;

/** In milliseconds. */
const leastInterval = 100;
const mostInterval = 30_000;
