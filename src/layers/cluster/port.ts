/**
 * One end of a line between two processes: what is sent on it arrives at the other end once and in
 * order, or the port closes. Nothing else is asked of it, so it may be the pipe between a process and
 * its parent, a pair in memory, or a link of a simulated world.
 */
export interface Port {
  /** Sends a message that JSON can carry. May be called when the port is closed: then it is lost. */
  send(message: unknown): void;
  /** Names who hears of what comes. Called once, before the turn is over in which the port was made. */
  listen(listener: PortListener): void;
  /** Closes both ends. The listener of this one hears nothing more. */
  close(): void;
}

/** Who hears what comes to a {@link Port}. */
export interface PortListener {
  /** Takes a message, never inside of `send`. */
  receive(message: unknown): void;
  /** The other end was closed, or its process is gone. */
  closed(): void;
}

/** Two ports in one process, each the other end of the other. What is sent arrives in a microtask. */
export function portPair(): readonly [Port, Port] {
  const one = new MemoryPort();
  const other = new MemoryPort();
  one.peer = other;
  other.peer = one;
  return [one, other];
}

class MemoryPort implements Port {
  peer: MemoryPort | undefined;
  #listener: PortListener | undefined;

  listen(listener: PortListener): void {
    this.#listener = listener;
  }

  send(message: unknown): void {
    const { peer } = this;
    if (peer !== undefined) queueMicrotask(() => peer.#listener?.receive(message));
  }

  close(): void {
    const { peer } = this;
    this.#listener = undefined;
    this.peer = undefined;
    if (peer === undefined) return;
    peer.peer = undefined;
    queueMicrotask(() => peer.#listener?.closed());
  }
}
