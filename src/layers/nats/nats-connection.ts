/**
 * What is needed of a connection of `@nats-io/transport-node`: hand in the one that `connect` gives.
 * It stays the user's: it is never closed here, and may serve other things too.
 *
 * It must echo (not `noEcho`), and should never give up (`maxReconnectAttempts: -1`).
 */
export interface NatsConnection {
  /** What the server says of itself; absent while there is no connection. */
  readonly info?: { readonly max_payload: number };
  publish(
    subject: string,
    payload?: Uint8Array | string,
    options?: { reply?: string; headers?: unknown },
  ): void;
  subscribe(subject: string, options: NatsSubscriptionOptions): NatsSubscription;
  /** Resolves when the server has answered to all that was sent before. */
  flush(): Promise<void>;
  isClosed(): boolean;
  /** Tells when the connection is lost and made again. */
  status(): AsyncIterable<NatsStatus>;
}

/** How {@link NatsConnection.subscribe} is called. */
export interface NatsSubscriptionOptions {
  callback: (error: Error | null, message: NatsMessage) => void;
}

/** A subscription, which the connection makes again by itself after it was lost. */
export interface NatsSubscription {
  unsubscribe(): void;
}

/** A message as it comes. */
export interface NatsMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: NatsHeaders;
}

/** The headers of a message. */
export interface NatsHeaders {
  /** The server's own word, such as 503: nobody is there; 0 without one. */
  readonly code: number;
  /** The first value of a header, or an empty text. */
  get(name: string): string;
}

/** A change of the connection, as far as it matters here. */
export interface NatsStatus {
  readonly type: string;
  readonly error?: Error;
}

/** Headers to send: the client asks nothing of them but how they are written. */
export class SentHeaders {
  readonly #text: string;

  constructor(name: string, value: string) {
    this.#text = `NATS/1.0\r\n${name}: ${value}\r\n\r\n`;
  }

  /** As the client calls it when it publishes. */
  encode(): Uint8Array {
    return Buffer.from(this.#text, "latin1");
  }
}
