import type { Engine, EngineName } from "./engine.ts";
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

/** A client that joins groups, leaves them, and sends to them. A call resolves once it was answered. */
export interface Member extends Client {
  join(group: string): Promise<void>;
  leave(group: string): Promise<void>;
  send(group: string, number: number): Promise<void>;
}

/** Servers behind one port. */
export interface Servers {
  readonly port: number;
  /** Replaces the processes one by one. */
  restart(): void;
  close(): Promise<void>;
}

/** A server of one process. */
export interface Machine {
  readonly port: number;
  /** Stops it where it is, and lets it go on. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  close(): Promise<void>;
}

/** One of those whose members are compared. */
export interface MemberSide {
  readonly name: string;
  /** What it runs on. */
  readonly engines: readonly EngineName[];
  /** Starts one process as if it were a machine of its own. */
  serveAlone(engine: Engine): Promise<Machine>;
  /** Connects a member, which tells what it hears. */
  member(port: number, hear: (group: string, number: number) => void): Promise<Member>;
}

/** One of those who are compared in everything. */
export interface Side extends MemberSide {
  /** Starts one process, or several with what joins them. */
  serve(engine: Engine, processes: number): Promise<Servers>;
  /**
   * A client that follows the messages, and comes back to where it was when it was cut off, after at
   * most `patience` milliseconds.
   */
  follow(port: number, tally: Tally, patience?: number): Client;
  publisher(port: number, patience?: number): Publisher;
}
