import type { Violation } from "./audit.ts";
import { BackendWorld, type WorldFlaws } from "./backend-world.ts";
import { BrokerWorld } from "./broker-world.ts";
import { ClusterWorld } from "./cluster-world.ts";
import { MemoryWorld } from "./memory-world.ts";
import type { Parts } from "./parts.ts";
import type { EngineFlaws } from "./sim-engine.ts";
import type { Act, World } from "./world.ts";

/** What worlds consist of. */
export interface Setup {
  readonly parts: Parts;
  /** What is wrong on purpose with what is around the layers. */
  readonly flaws?: WorldFlaws & EngineFlaws;
}

/** The kinds of worlds. */
export const worlds: Readonly<Record<string, (seed: number, setup: Setup) => World>> = {
  memory: (seed, { parts }) => new MemoryWorld(seed, parts),
  backend: (seed, { parts, flaws }) => new BackendWorld(seed, parts, flaws),
  cluster: (seed, { parts }) => new ClusterWorld(seed, parts),
  redis: (seed, { parts, flaws }) => new BrokerWorld(seed, "redis", parts, flaws),
  nats: (seed, { parts, flaws }) => new BrokerWorld(seed, "nats", parts, flaws),
};

/** What became of a world. */
export interface Outcome {
  readonly world: string;
  readonly seed: number;
  readonly acts: readonly Act[];
  readonly violation: Violation | undefined;
  /** How many things happened. */
  readonly entries: number;
  /** All of them, line by line. */
  trace(): string[];
}

/** Lets a world of a kind take its course; with some of its acts only, if they are given. */
export async function simulate(
  kind: string,
  seed: number,
  setup: Setup,
  given?: readonly Act[],
): Promise<Outcome> {
  const make = worlds[kind];
  if (make === undefined) throw new Error(`no world is called "${kind}"`);
  const world = make(seed, setup);
  const acts = given ?? world.acts();
  const violation = await world.run(acts);
  const { oracle } = world;
  const entries = oracle.log.length;
  return { world: kind, seed, acts, violation, entries, trace: () => oracle.trace() };
}

/** Leaves out the acts that are not needed for a world to fail in this way: many at once, then single ones. */
export async function shrink(failure: Outcome, setup: Setup): Promise<Outcome> {
  let best = failure;
  let size = Math.ceil(best.acts.length / 2);
  while (size >= 1 && best.acts.length > 0) {
    const smaller = await withoutSome(best, size, setup);
    if (smaller !== undefined) best = smaller;
    else size = Math.floor(size / 2);
  }
  return best;
}

/** A world that fails in the same way without some acts that follow each other, if there is one. */
async function withoutSome(
  failure: Outcome,
  size: number,
  setup: Setup,
): Promise<Outcome | undefined> {
  const { world, seed, acts, violation } = failure;
  for (let start = 0; start < acts.length; start += size) {
    const kept = [...acts.slice(0, start), ...acts.slice(start + size)];
    const outcome = await simulate(world, seed, setup, kept);
    if (kindOf(outcome.violation) === kindOf(violation)) return outcome;
  }
  return undefined;
}

/** What a violation says without its names and numbers. */
function kindOf(violation: Violation | undefined): string {
  return `${violation?.invariant} ${violation?.text.replaceAll(/[\w.]*\d[\w.]*|kept\.\w/g, "")}`;
}

/** Describes a failure, so that whoever reads it can look for the bug. */
export async function report(failure: Outcome, setup: Setup): Promise<string> {
  const { world, seed, violation, trace, acts } = await shrink(failure, setup);
  return [
    `${world} world, seed ${seed}: ${failure.violation?.invariant}, ${failure.violation?.text}`,
    `with ${acts.length} of its ${failure.acts.length} acts: ${violation?.text}`,
    ...acts.map(({ time, kind }) => `${time.toFixed(2).padStart(9)}  act: ${kind}`),
    "",
    ...trace(),
    "",
    `again: npm run simulate -- --world ${world} --seed ${seed}`,
  ].join("\n");
}
