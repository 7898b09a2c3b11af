/** Where one Redis server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** What a {@link RedisLink} tells of itself. Nothing is told after `close` was called. */
export interface LinkEvents {
  /** A message came on a shard channel that this link has subscribed to. */
  message(channel: string, data: Uint8Array): void;
  /** The server has taken a subscription away, since the channel's slot is no longer its own. */
  moved(): void;
  /** The link has ended and will not come back. Said once. */
  lost(error: Error): void;
}

/**
 * One connection to one Redis server. It never connects again by itself and keeps no commands for
 * later: what is asked of a link that has ended rejects.
 */
export interface RedisLink {
  /**
   * Sends a command, after those of the calls before. Strings of the answer are `Buffer`s or strings,
   * numbers are numbers or text, whichever the client prefers. Rejects with the server's own error,
   * whose message begins with its code.
   */
  call(command: readonly (string | Buffer)[]): Promise<unknown>;
  /** Subscribes to a shard channel, and resolves when the server has done so. */
  subscribe(channel: string): Promise<void>;
  /** Ends a subscription, and resolves when the server has done so. */
  unsubscribe(channel: string): Promise<void>;
  /** Ends the connection, at once. */
  close(): void;
}

/** A {@link RedisLink} that is not open yet. */
export interface UnopenedLink extends RedisLink {
  /** Resolves when it is open, and rejects if it never will be. */
  connect(): Promise<void>;
}

/** Makes a link and opens it. If `signal` gives it up before, nothing of it remains. */
export async function openLink(make: () => UnopenedLink, signal: AbortSignal): Promise<RedisLink> {
  signal.throwIfAborted();
  const link = make();
  const abandon = (): void => link.close();
  signal.addEventListener("abort", abandon, { once: true });
  try {
    await link.connect();
  } finally {
    signal.removeEventListener("abort", abandon);
  }
  return link;
}

/**
 * A way to Redis: whatever client the user has, as a pattern for connections of our own. A layer never
 * sends anything by the user's client, so neither waits for the other, and it closes only its own.
 *
 * {@link fromNodeRedis} and {@link fromIoredis} make one. It is small so that another client can be
 * used by writing it.
 */
export interface RedisConnection {
  /** Whether the keys are spread over several primaries by their hash slots. */
  readonly isCluster: boolean;
  /** Servers of a cluster, of which one knows the others; empty while the client knows none. */
  addresses(): readonly RedisAddress[];
  /**
   * Opens a connection, to the primary, or to the server of a cluster at an address. It uses the
   * user's settings for TLS and credentials. Rejects if that fails; `signal` gives up what is not open
   * yet, and nothing of it may remain.
   */
  open(events: LinkEvents, signal: AbortSignal, address?: RedisAddress): Promise<RedisLink>;
}
