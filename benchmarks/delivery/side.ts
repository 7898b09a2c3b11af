import type { Tally } from "./tally.ts";

/** A client at work. */
export interface Client {
  close(): void;
}

/** A client that sends, each message until it was taken. */
export interface Publisher extends Client {
  publish(number: number): void;
  /** How many were sent and not acknowledged. */
  readonly waiting: number;
}

/** The servers of a scenario. */
export interface Servers {
  readonly port: number;
  /** Replaces the processes one by one. */
  restart(): void;
  close(): Promise<void>;
}

/** One of those who are compared. */
export interface Side {
  readonly name: string;
  /** Starts one process, or a cluster of several. Undefined where something needed is missing. */
  serve(workers: number | undefined): Promise<Servers | undefined>;
  /** A client that follows the messages, and comes back to where it was when it was cut off. */
  follow(port: number, tally: Tally): Client;
  publisher(port: number): Publisher;
}
