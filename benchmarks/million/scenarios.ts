import type { BrokerName } from "./broker-server.ts";
import type { Constants } from "./constants.ts";
import { type Herd, herd, type HerdOptions, site } from "./herd.ts";

/** A herd that comes back, and what is told of it. */
export interface Scenario {
  readonly name: string;
  readonly options: HerdOptions;
}

/** What became of a scenario. */
export interface Outcome extends Scenario {
  readonly herd: Herd;
}

/** One process of the site has died: its clients spread over all others. */
export const usualHerd: HerdOptions = {
  broker: "redis",
  clients: site.clients / site.processes,
  processes: site.processes - 1,
  groups: site.groups,
  residents: site.clients / site.processes,
  groupsEach: 1,
  jitter: 5_000,
  backoff: 1_000,
  longestBackoff: 30_000,
  patience: 10_000,
  pendingHandshakes: 4_096,
  traffic: site.traffic,
  brokerCores: 1,
};

/** The times over which the clients of one process spread their first attempts. */
export const jitters: readonly number[] = [0, 1_000, 5_000, 10_000, 30_000];

/** One process dies. */
export const oneDies: readonly Scenario[] = (["redis", "nats"] as const).flatMap((broker) =>
  jitters.map((jitter) => ({
    name: `${broker}, ${jitter / 1_000} s`,
    options: { ...usualHerd, broker, jitter },
  })),
);

/** Ten of them die at once. */
export const tenDie: readonly Scenario[] = [0, 10_000, 60_000].flatMap((jitter) =>
  crowds(100_000, site.processes - 10, jitter),
);

/** Runs them. */
export function outcomes(constants: Constants, scenarios: readonly Scenario[]): Outcome[] {
  return scenarios.map((scenario) => ({ ...scenario, herd: herd(constants, scenario.options) }));
}

function crowds(clients: number, processes: number, jitter: number): Scenario[] {
  const kinds: readonly (readonly [string, BrokerName, number, number?])[] = [
    ["Redis", "redis", 1],
    ["a cluster of 4 Redis", "redis", 4],
    ["NATS, 4 processors", "nats", 4],
    ["NATS, the same, `pendingHandshakes: 20`", "nats", 4, 20],
  ];
  return kinds.map(([name, broker, brokerCores, pendingHandshakes = 4_096]) => ({
    name,
    options: {
      ...{ ...usualHerd, broker, clients, processes },
      ...{ jitter, brokerCores, pendingHandshakes },
    },
  }));
}
