/** What a transport tells its owner. */
export interface TransportSink {
  /** Bytes came; they belong to the sink. */
  onData(chunk: Uint8Array): void;
  /** Everything that `write` had kept is gone: there is room again. */
  onDrain(): void;
  /** The peer will send nothing more (half-close). */
  onEnd(): void;
  /** The transport is gone, for whatever reason. Comes once, and last. */
  onGone(): void;
}

/** The bytes' way out and in: a TCP or TLS socket, an HTTP/2 stream, a pair in memory. */
export interface Transport {
  /** Names the one who is told from now on. Nothing is told before the first time. */
  open(sink: TransportSink): void;
  /**
   * Hands bytes over. True: they are gone, and the chunk may be used again. False: the transport
   * keeps the chunk until `onDrain`; more may be written, and waits behind it.
   */
  write(chunk: Uint8Array): boolean;
  /** Bytes that the transport keeps. */
  readonly bufferedAmount: number;
  /** Stops and starts reading. */
  pause(): void;
  resume(): void;
  /** Ends our half once everything is written. */
  end(): void;
  /** Ends both halves now; what is kept is lost. */
  destroy(): void;
}
