/**
 * Real-time channels: consumers, routing, groups and channel layers on a WebSocket server.
 *
 * ```ts
 * import { route, router, serve, WebSocketConsumer } from "sluice";
 *
 * class Echo extends WebSocketConsumer {
 *   override receive(text: string) {
 *     this.send(text);
 *   }
 * }
 *
 * const server = await serve({ websocket: router([route("/echo/", Echo)]), port: 8000 });
 * console.log(server.url);
 * ```
 *
 * @packageDocumentation
 */

// Serving
export { type Attached, type AttachOptions, attach } from "./server/attach.ts";
export { type Diagnostics, diagnosticNames } from "./server/diagnostics.ts";
export type {
  CloseOptions,
  ErrorContext,
  ServerLimits,
  WebSocketOptions,
} from "./server/options.ts";
export { type ServeOptions, type Server, serve } from "./server/serve.ts";

// Connecting
export type { ClientSocket, ConnectionEnd } from "./connect/client-socket.ts";
export { connect } from "./connect/connect.ts";
export type { ClientLimits, ClientTlsOptions, ConnectOptions } from "./connect/options.ts";

// Applications
export type {
  Application,
  Match,
  Middleware,
  RouteOptions,
} from "./application/application.ts";
export type { ApplicationLike, ConsumerClass } from "./application/consumer.ts";
export type { Groups } from "./application/consumer-handler.ts";
export type { Handler } from "./application/handler.ts";
export { JsonWebSocketConsumer } from "./application/json-consumer.ts";
export type { Phase } from "./application/fault.ts";
export type { Params } from "./application/path-pattern.ts";
export { type Route, route } from "./application/route.ts";
export { type Router, router } from "./application/router.ts";
export { type Scope, widen } from "./application/scope.ts";
export type { Servable } from "./application/servable.ts";
export type { AcceptOptions, RejectOptions, Socket } from "./application/socket.ts";
export { stack } from "./application/stack.ts";
export { type StreamsOptions, streams } from "./application/streams.ts";
export type { TextCodec } from "./application/text-codec.ts";
export { consumer, WebSocketConsumer } from "./application/websocket-consumer.ts";

// Workers
export {
  type Job,
  type StopOptions,
  type Worker,
  type WorkerHandlers,
  type WorkerOptions,
  worker,
} from "./application/worker.ts";

// Middleware
export {
  type AuthenticateOptions,
  authenticate,
  type Credentials,
  type UserScope,
} from "./middleware/authenticate.ts";
export { type CookieScope, cookies } from "./middleware/cookies.ts";
export {
  type MiddlewareDiagnostics,
  middlewareDiagnosticNames,
} from "./middleware/diagnostics.ts";
export { type DisconnectUserOptions, disconnectUser } from "./middleware/disconnect-user.ts";
export { type LoggingOptions, logging } from "./middleware/logging.ts";
export type { TokenPlace } from "./middleware/presented-token.ts";
export { type RateLimitOptions, rateLimit } from "./middleware/rate-limit.ts";
export type { Session } from "./middleware/session.ts";
export type { SessionStore, StoredCookie, StoredSession } from "./middleware/session-store.ts";
export {
  revokeSession,
  type SessionScope,
  type SessionsOptions,
  sessions,
} from "./middleware/sessions.ts";

// Channel layers
export type {
  Channel,
  ChannelLayer,
  ChannelOptions,
  Delivery,
  Gap,
  GroupSendOptions,
  GroupWatcher,
  Joined,
  JoinOptions,
  LayerMessage,
  Member,
  MemberPage,
  PageOptions,
  Presence,
  PresenceChanged,
  PresenceCount,
  PresenceCounted,
  PresencePage,
  Present,
  Watch,
} from "./layers/channel-layer.ts";
export { type Codec, jsonCodec } from "./layers/codec.ts";
export type { HistoryRule } from "./layers/history-rule.ts";
export { type MemoryLayerOptions, memoryLayer } from "./layers/memory.ts";

// Shared words
export * from "./errors.ts";
export type { Clock } from "./internal/clock.ts";
export type { ConnectionLimits } from "./internal/limits.ts";
export { type Logger, silentLogger } from "./internal/logger.ts";
export type { OriginPolicy, OriginRule } from "./internal/origin-policy.ts";
export type { CompressionOptions } from "./protocol/compression-options.ts";
export type { SendOptions, SlowPolicy } from "./internal/send-options.ts";
export { CloseCode } from "./protocol/close-code.ts";
