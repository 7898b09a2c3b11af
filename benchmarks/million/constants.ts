import type { Machine } from "../machine.ts";
import type { BrokerName } from "./broker-server.ts";
import type { GrowthPoint } from "./growth.ts";

/** What was measured, of which everything else is worked out. Times in microseconds, sizes in bytes. */
export interface Constants {
  readonly date: string;
  readonly machine: Machine;
  /** Of the message that was sent: what it takes up as JSON. */
  readonly messageSize: number;
  /** How many messages were missed, where a position was given. */
  readonly missed: number;
  readonly process: ProcessConstants;
  readonly brokers: Readonly<Record<BrokerName, BrokerConstants>>;
}

/** What a process of ours takes. */
export interface ProcessConstants {
  /** Resident memory for each connection with a consumer that is in no group, without TLS. */
  readonly connection: number;
  /** Heap for one more member of a group that is there. */
  readonly member: number;
  /** CPU time for one handshake and its accept, without TLS. */
  readonly handshake: number;
  /** CPU time for one member to be given a message: the frame, and the write to its socket. */
  readonly write: number;
}

/** What a broker takes, and what a process needs to talk to it. */
export interface BrokerConstants {
  readonly title: string;
  /** Heap of a process for a group with one member, beside its channel. */
  readonly group: number;
  /** The same for a group with a history. */
  readonly groupWithHistory: number;
  /** A message without a history: CPU time of the broker, and for each process that gets it. */
  readonly publish: Line;
  /** The same with a history. */
  readonly append: Line;
  /** CPU time of the broker for a subscription to a group without a history. */
  readonly subscribe: number;
  /** CPU time of the broker for the first member in a process of a group with a history. */
  readonly follow: number;
  /** CPU time of the broker for a join with a position, beside `follow`, that missed some messages. */
  readonly recover: number;
  /** What it is asked for that, one after the other. */
  readonly recoverCommands: number;
  /** Memory of the broker for each process that is subscribed to a group. */
  readonly subscription: number;
  /** Memory, or disk, of the broker for each message in a history. */
  readonly message: number;
  /** CPU time of a process: to send, to get a message whatever members it has, for each join. */
  readonly processSend: number;
  readonly processReceive: number;
  readonly processJoin: number;
  readonly growth: readonly GrowthPoint[];
  readonly growthWithHistory: readonly GrowthPoint[];
}

/** What something costs that grows: so much, and so much more each time. */
export interface Line {
  readonly base: number;
  readonly each: number;
}

/** The line through some points, by least squares. */
export function lineThrough(points: readonly { readonly x: number; readonly y: number }[]): Line {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map((point) => point.x));
  const y = mean(points.map((point) => point.y));
  let [above, below] = [0, 0];
  for (const point of points) {
    above += (point.x - x) * (point.y - y);
    below += (point.x - x) ** 2;
  }
  const each = above / below;
  return { base: y - each * x, each };
}
