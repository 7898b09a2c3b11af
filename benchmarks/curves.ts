import type { EchoLoad, Load } from "./load.ts";
import type { Sample } from "./measure.ts";
import type { Test } from "./rivals/rival.ts";

/** A cost that has to grow as something else does. */
export interface Curve {
  readonly name: string;
  readonly title: string;
  /** What is on the axes. */
  readonly x: string;
  readonly y: string;
  readonly steps: readonly number[];
  /** From where on the exponent is fitted: below it what each message costs anyway hides the rest. */
  readonly from: number;
  /** What is measured at a step. */
  test(x: number): Test;
  /** The cost that should be linear, in microseconds. */
  cost(sample: Sample, x: number): number;
}

const plain = { deflate: "off", target: "/", headers: {} } as const;

/** The curves, as far as `descriptors` allow: how many files a process may have open. */
export function curves(descriptors: number): readonly Curve[] {
  // Some are those of the process itself.
  const most = Math.min(19_000, descriptors - 200);
  return [
    {
      name: "size",
      title: "An echo, by the size of the message",
      x: "bytes of a message",
      y: "µs of CPU time for an echo",
      steps: [32, 256, 2_048, 16_384, 131_072, 1_048_576, 4_194_304, 16_777_216],
      from: 16_384,
      test: (size) => echo({ size, connections: size > 1_048_576 ? 2 : 8, content: "binary" }),
      cost: ({ cpu }) => cpu,
    },
    {
      name: "members",
      title: "A broadcast, by the number of members",
      x: "members",
      y: "µs of CPU time for a broadcast",
      steps: [10, 30, 100, 300, 1_000, 3_000, 10_000].filter((members) => members <= most),
      from: 100,
      test: (connections) => ({
        app: appOf("broadcast", 128),
        load: {
          kind: "broadcast",
          connections,
          inFlight: 4,
          senders: 1,
          size: 128,
          content: "text",
          ...plain,
        },
      }),
      cost: ({ cpu }, members) => cpu * members,
    },
    {
      name: "connections",
      title: "An echo to everybody, by the number of connections",
      x: "connections",
      y: "µs of CPU time for a message of each",
      steps: [...[100, 300, 1_000, 3_000, 10_000].filter((step) => step < most), most],
      from: 100,
      test(connections) {
        const { app, load } = echo({ connections });
        // `serve` takes nine tenths of the descriptors.
        return { app: { ...app, crowded: connections > 0.85 * descriptors }, load };
      },
      cost: ({ cpu }, connections) => cpu * connections,
    },
    {
      name: "groups",
      title: "A message to each group, by the number of groups",
      x: "groups, with one member each",
      y: "µs of CPU time for a message to each",
      steps: [1, 10, 100, 1_000, 10_000, 100_000],
      from: 10,
      test(groups) {
        const connections = Math.min(50, groups);
        const { load } = echo({ connections, target: "/?index={index}" });
        return { app: { ...appOf("groups", 32), groups: groups / connections }, load };
      },
      cost: ({ cpu }, groups) => cpu * groups,
    },
  ];
}

function echo(change: Partial<EchoLoad>): Test & { readonly load: Load } {
  const load: EchoLoad = {
    kind: "echo",
    connections: 64,
    inFlight: 1,
    size: 32,
    content: "text",
    ...plain,
    ...change,
  };
  return { app: appOf("echo", load.size), load };
}

function appOf(kind: Test["app"]["kind"], largest: number): Test["app"] {
  return { kind, largest, handlers: "sync", compression: false, groups: 0, crowded: false };
}
