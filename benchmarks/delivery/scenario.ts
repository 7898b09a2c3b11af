import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "./engine.ts";
import { Proxy } from "./proxy.ts";
import { randomNumbers } from "./random.ts";
import type { Side } from "./side.ts";
import { Tally } from "./tally.ts";

/** What happens. */
export interface Scenario {
  readonly name: "jitter" | "rolling restart";
  readonly clients: number;
  /** Messages a second. */
  readonly rate: number;
  /** For how long they are sent, in seconds. */
  readonly seconds: number;
  readonly seed: number;
}

/** What came of it. */
export interface Result {
  readonly scenario: Scenario["name"];
  readonly side: string;
  readonly engine: string;
  readonly clients: number;
  readonly sent: number;
  /** Messages that were to be shown and were, of all. */
  readonly delivered: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly disorders: number;
  /** How often a client was told that something may be missing. */
  readonly reloads: number;
  readonly reconnects: number;
  /** Milliseconds, of all reconnections. */
  readonly reconnectMedian: number;
  readonly reconnectLongest: number;
  /** The longest time without a message at any client, in milliseconds. */
  readonly silence: number;
}

/** How long each link is away, in milliseconds. */
const outage = 2_000;

/** How long is waited beyond its time for everybody to be moved, in seconds. */
const moveTime = 60;

/** Runs a scenario with one of the sides, in as many processes as the engine joins. */
export async function run(scenario: Scenario, side: Side, engine: Engine): Promise<Result> {
  const { name, clients, rate, seconds, seed } = scenario;
  const servers = await side.serve(engine, engine.name === "memory" ? 1 : 3);
  const proxies: Proxy[] = [];
  const tallies: Tally[] = [];
  const followers = [];
  for (let count = 0; count < clients; count += 1) {
    const proxy = await Proxy.open(servers.port);
    const tally = new Tally();
    proxies.push(proxy);
    tallies.push(tally);
    followers.push(side.follow(proxy.port, tally));
  }
  const publisher = side.publisher(servers.port);
  // A message or two, until everybody has heard one: from there on it counts.
  let sent = 0;
  for (let tries = 0; tallies.some(({ shown }) => shown === 0); tries += 1) {
    if (tries > 100) throw new Error(`${side.name}: not all clients hear`);
    publisher.publish(sent);
    sent += 1;
    await sleep(200);
  }
  const first = sent;
  for (const tally of tallies) tally.begin(first);

  const random = randomNumbers(seed);
  const timers: NodeJS.Timeout[] = [];
  if (name === "jitter") {
    for (const proxy of proxies) {
      // Each link is cut about every ten seconds, and is back in time for the end.
      for (let at = random() * 10; at < seconds - 1; at += 6 + random() * 8) {
        const isAbrupt = random() < 0.5;
        timers.push(
          setTimeout(() => proxy.cut(isAbrupt), at * 1_000),
          setTimeout(() => proxy.mend(), at * 1_000 + outage),
        );
      }
    }
  } else {
    timers.push(setTimeout(() => servers.restart(), (seconds / 4) * 1_000));
  }
  const start = performance.now();
  // A restart is over when everybody has been moved; on a busy machine that may take longer.
  const isOver = (): boolean => {
    const elapsed = (performance.now() - start) / 1_000;
    const isMoved = name === "jitter" || tallies.every(({ reconnects }) => reconnects.length > 0);
    return elapsed >= (isMoved ? seconds : seconds + moveTime);
  };
  while (!isOver()) {
    const due = first + Math.floor(((performance.now() - start) / 1_000) * rate);
    for (; sent < due; sent += 1) publisher.publish(sent);
    await sleep(1_000 / rate / 2);
  }

  // Whoever is late has time to come back.
  const total = sent - first;
  const isDone = (): boolean => tallies.every(({ shown }) => shown >= total);
  for (let waits = 0; waits < 150 && !isDone(); waits += 1) await sleep(100);

  for (const timer of timers) clearTimeout(timer);
  for (const follower of followers) follower.close();
  publisher.close();
  for (const proxy of proxies) proxy.close();
  await servers.close();

  const sum = (count: (tally: Tally) => number): number =>
    tallies.reduce((all, tally) => all + count(tally), 0);
  const reconnects = tallies.flatMap((tally) => tally.reconnects).sort((a, b) => a - b);
  const shown = sum((tally) => tally.shown);
  return {
    scenario: name,
    side: side.name,
    engine: engine.name,
    clients,
    sent: total,
    delivered: shown / (total * clients),
    missing: total * clients - shown,
    duplicates: sum((tally) => tally.duplicates),
    disorders: sum((tally) => tally.disorders),
    reloads: sum((tally) => tally.reloads),
    reconnects: reconnects.length,
    reconnectMedian: Math.round(reconnects[Math.floor(reconnects.length / 2)] ?? 0),
    reconnectLongest: Math.round(reconnects.at(-1) ?? 0),
    silence: Math.round(Math.max(...tallies.map((tally) => tally.silence))),
  };
}
