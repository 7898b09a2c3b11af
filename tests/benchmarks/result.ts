import type { Sample } from "../../benchmarks/measure.ts";
import type { RowResult } from "../../benchmarks/results.ts";
import type { Row } from "../../benchmarks/row.ts";

/** A row that asks for 8 times what ws needs, 0.5 of the raw bytes, and 0.9 of the memory. */
export const row: Row = {
  name: "echo-32",
  title: "echo, 32 B",
  app: {
    kind: "echo",
    handlers: "sync",
    compression: false,
    groups: 0,
    crowded: false,
    largest: 32,
  },
  load: {
    kind: "echo",
    connections: 64,
    inFlight: 16,
    size: 32,
    content: "binary",
    deflate: "off",
    target: "/",
    headers: {},
  },
  ws: "ws",
  gates: [
    { figure: "cpu", against: "ws", atLeast: 8, target: 10 },
    { figure: "cpu", against: "raw", atLeast: 0.5, target: 0.8 },
    { figure: "rss", against: "ws", atMost: 0.9, target: 0.75 },
  ],
};

/** What a rival did in one round. */
export function sample(cpu: number, change: Partial<Sample> = {}): Sample {
  return {
    cpu,
    perSecond: 1e6 / cpu,
    p50: 1_000,
    p99: 5_000,
    serverShare: 1,
    generatorShare: 0.5,
    waitingShare: 0,
    ...change,
  };
}

/** A result of some rivals, each with the samples of all rounds. */
export function resultOf(samples: Readonly<Record<string, readonly Sample[]>>): RowResult {
  return {
    row: "echo-32",
    circumstances: {
      date: "2026-11-22T12:00:00.000Z",
      machine: { cpu: "Z80", cores: 2, memory: 2 ** 34, system: "CP/M", node: "20.20.2" },
      pinned: true,
      rounds: 3,
      warmUp: 500,
      duration: 1_000,
      load: [0.1, 1.2],
    },
    entrants: Object.entries(samples).map(([name, own]) => ({
      name,
      version: `${name} 1.0`,
      samples: own,
    })),
    missing: [],
  };
}
