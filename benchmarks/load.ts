/** What a message is made of. */
export type Content = "binary" | "text" | "json";

/** What a client offers of permessage-deflate: nothing, a kept context, or none kept by either side. */
export type Deflate = "off" | "context" | "no context";

/** What all loads have in common. */
interface AnyLoad {
  readonly connections: number;
  /** Bytes of a message. */
  readonly size: number;
  readonly content: Content;
  readonly deflate: Deflate;
  /** The request target; `{index}` stands for the number of the connection. */
  readonly target: string;
  /** More lines of the handshake. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Every connection keeps some messages in flight, and the server sends each of them back. */
export interface EchoLoad extends AnyLoad {
  readonly kind: "echo";
  /** Messages in flight, for each connection. */
  readonly inFlight: number;
}

/** Some connections send, and the server sends every message to all. */
export interface BroadcastLoad extends AnyLoad {
  readonly kind: "broadcast";
  /** Messages in flight, for all connections together: one is over when everybody has it. */
  readonly inFlight: number;
  /** The first ones of the connections, which take turns. */
  readonly senders: number;
}

/** Connections are opened and stay. */
export interface OpenLoad extends AnyLoad {
  readonly kind: "open";
  /** How many are opened before the measurement begins. */
  readonly before: number;
}

/** What a generator does to a server. */
export type Load = EchoLoad | BroadcastLoad | OpenLoad;

/** How a server is talked to: WebSocket messages, those of Socket.IO in them, or the same bytes alone. */
export type Dialect = "websocket" | "socket.io" | "bytes";

/** What the generator is told. Times are milliseconds that the server works, not those of the clock. */
export interface Order {
  readonly load: Load;
  readonly dialect: Dialect;
  readonly port: number;
  /** The server's process, whose CPU time is read. */
  readonly pid: number;
  readonly warmUp: number;
  readonly duration: number;
}

/** What the generator saw while it measured. */
export interface Measurement {
  /** Echoes, deliveries or connections. */
  readonly messages: number;
  /** Seconds of the clock. */
  readonly seconds: number;
  /** CPU time of the server's process, user and system, in microseconds. */
  readonly serverCpu: number;
  /** How much of a core the server's process used, from 0 to 1; more with several threads. */
  readonly serverShare: number;
  /** How much of the time the server waited for a core that others had, from 0 to 1. */
  readonly waitingShare: number;
  /** How much of its core the generator used itself, from 0 to 1. */
  readonly generatorShare: number;
  /** Round trips, in microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** What was negotiated of permessage-deflate; empty without it. */
  readonly extension: string;
  /** Bytes of the server's frames, for each message, where they were counted. */
  readonly replySize: number;
}

/** What the generator says: that connections are open, what it has measured, or why it cannot. */
export type Report =
  | { readonly kind: "opened" }
  | { readonly kind: "measured"; readonly measurement: Measurement }
  | { readonly kind: "failed"; readonly why: string };
