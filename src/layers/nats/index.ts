/**
 * A channel layer for processes on many machines, over NATS, and JetStream where groups have a
 * history.
 *
 * ```ts
 * import { connect } from "@nats-io/transport-node";
 * import { serve } from "sluice";
 * import { natsLayer } from "sluice/layers/nats";
 *
 * const connection = await connect({ servers: "nats.internal", maxReconnectAttempts: -1 });
 * await serve({ websocket: Chat, layer: natsLayer({ connection }), port: 8000 });
 * ```
 *
 * @packageDocumentation
 */
export { type BrokerDiagnostics, brokerDiagnosticNames } from "../broker/diagnostics.ts";
export type { BrokerLayerOptions } from "../broker/options.ts";
export type { EncryptionKey, EncryptionOptions } from "../broker/sealer.ts";
export type { StreamOptions } from "./stream-finder.ts";
export { type NatsLayerOptions, natsLayer } from "./nats-layer.ts";
export type {
  NatsConnection,
  NatsHeaders,
  NatsMessage,
  NatsStatus,
  NatsSubscription,
  NatsSubscriptionOptions,
} from "./nats-connection.ts";
