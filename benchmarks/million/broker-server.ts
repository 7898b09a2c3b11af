import type { ChannelLayer, Codec, HistoryRule } from "sluice";

/** A broker's own program, started to be measured: what it says of itself is what counts. */
export interface BrokerServer {
  readonly name: BrokerName;
  /** With its version. */
  readonly title: string;
  /** For `cpuTime`. */
  readonly pid: number;
  /** How another process of ours finds it. */
  readonly address: string;
  /** A layer as a process of its own has it: with a connection of its own. */
  layer(options?: MeasuredLayerOptions): Promise<MeasuredLayer>;
  /** What it has had to do so far, beside being asked this. */
  tally(): Promise<Tally>;
  /** Bytes that it holds now. */
  memory(): Promise<number>;
  /** Bytes that its histories take up, wherever it keeps them. */
  kept(): Promise<number>;
  stop(): Promise<void>;
}

export type BrokerName = "redis" | "nats";

export interface MeasuredLayerOptions {
  readonly codec?: Codec;
  readonly history?: readonly HistoryRule[];
}

/** A layer, and how it ends together with its connection. */
export interface MeasuredLayer {
  readonly layer: ChannelLayer;
  end(): Promise<void>;
}

/** What a broker counts. */
export interface Tally {
  /** What it was asked: Redis' commands, but for those inside of scripts; NATS' messages in. */
  readonly commands: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What was added between two tallies. */
export function difference(before: Tally, after: Tally): Tally {
  return {
    commands: after.commands - before.commands,
    bytesIn: after.bytesIn - before.bytesIn,
    bytesOut: after.bytesOut - before.bytesOut,
  };
}

/** Nothing happens by itself while something is counted. */
export const still = { lease: 1_000_000_000, checkInterval: 1_000_000_000 } as const;
