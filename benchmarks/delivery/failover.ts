import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./fault.ts";
import { Proxy } from "./proxy.ts";
import { randomNumbers } from "./random.ts";
import type { Side } from "./side.ts";
import { Tally } from "./tally.ts";

/** What came of an engine's fault, over all rounds. */
export interface FailoverResult {
  readonly fault: string;
  readonly side: string;
  readonly engine: string;
  readonly rounds: number;
  /** Messages that were to be shown: each message, to each client. */
  readonly due: number;
  readonly delivered: number;
  /** Messages that were not shown to a client which was told that it may miss them. */
  readonly told: number;
  /** Messages that were not shown to a client which was told nothing, or that all is well. */
  readonly lies: number;
  readonly duplicates: number;
  readonly disorders: number;
  /** How long nothing was shown, in milliseconds: the median of the rounds' longest, and the longest. */
  readonly silenceMedian: number;
  readonly silenceLongest: number;
}

const clients = 12;
const rate = 100;
const machineCount = 3;

/** How long a client waits at most until it comes back, in milliseconds: rounds are to be short. */
const patience = 400;

/** How long is waited for anything after a round, in milliseconds. */
const settleTime = 30_000;

/**
 * Lets an engine fail, again and again, beneath three processes with clients that are connected
 * throughout and clients that are cut off meanwhile, and looks whether what they were not shown they
 * were told of. `report` hears of every lie.
 */
export async function failover(
  fault: Fault,
  side: Side,
  { rounds, seed }: { readonly rounds: number; readonly seed: number },
  report: (lie: string) => void,
): Promise<FailoverResult> {
  const { engine, strike } = await fault.start();
  const machines = [];
  for (let count = 0; count < machineCount; count += 1)
    machines.push(await side.serveAlone(engine));
  const [home] = machines;
  const links: { proxy: Proxy; tally: Tally; close: () => void }[] = [];
  for (let count = 0; count < clients; count += 1) {
    const proxy = await Proxy.open(machines[count % machineCount]!.port);
    const tally = new Tally();
    const follower = side.follow(proxy.port, tally, patience);
    links.push({ proxy, tally, close: () => follower.close() });
  }
  const publisher = side.publisher(home!.port, patience);
  let sent = 0;
  for (let tries = 0; links.some(({ tally }) => tally.shown === 0); tries += 1) {
    if (tries > 100) throw new Error(`${side.name}: not all clients hear`);
    publisher.publish(sent++);
    await sleep(200);
  }

  const random = randomNumbers(seed);
  const sum = { due: 0, told: 0, lies: 0, duplicates: 0, disorders: 0 };
  const silences: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const first = sent;
    for (const { tally } of links) tally.begin(first);
    let isOver = false;
    const publish = async (): Promise<void> => {
      const start = performance.now();
      while (!isOver) {
        const due = first + Math.floor(((performance.now() - start) / 1_000) * rate);
        for (; sent < due; sent += 1) publisher.publish(sent);
        await sleep(5);
      }
    };
    const publishing = publish();
    await sleep(200);

    // Every third client is away when it happens, and comes back before, during or after it.
    const away = links.filter(() => random() < 1 / 3).map(({ proxy }) => proxy);
    for (const proxy of away) proxy.cut(random() < 0.5);
    const mending = away.map(async (proxy) => {
      await sleep(50 + random() * 800);
      proxy.mend();
    });
    await strike(machines);
    await Promise.all(mending);
    // Until the publisher is through and everybody is back: then all are there for the last message.
    await settled(() => publisher.waiting < machineCount * 10);
    const mark = sent;
    await settled(() => links.every(({ tally }) => tally.last >= mark));
    isOver = true;
    await publishing;
    const last = sent - 1;
    await settled(() => publisher.waiting === 0 && links.every(({ tally }) => tally.has(last)));

    links.forEach(({ tally, proxy }, index) => {
      const untold: number[] = [];
      for (let number = first; number <= last; number += 1) {
        if (tally.has(number)) continue;
        if (tally.wasTold(number)) sum.told += 1;
        else untold.push(number);
      }
      sum.due += last + 1 - first;
      sum.lies += untold.length;
      sum.duplicates += tally.duplicates;
      sum.disorders += tally.disorders;
      if (untold.length > 0) {
        const state = `${away.includes(proxy) ? "cut off" : "connected"}, of process ${index % machineCount}`;
        report(
          `${side.name}, ${fault.name}, round ${round}: client ${index} (${state}) was not shown ` +
            `${untold.length} of ${first} to ${last}, ${untold[0]} to ${untold.at(-1)}; ` +
            `${publisher.waiting} were not acknowledged`,
        );
      }
    });
    silences.push(Math.max(...links.map(({ tally }) => tally.silence)));
  }

  for (const { proxy, close } of links) {
    close();
    proxy.close();
  }
  publisher.close();
  for (const machine of machines) await machine.close();
  await engine.stop();
  silences.sort((a, b) => a - b);
  return {
    fault: fault.name,
    side: side.name,
    engine: engine.name,
    rounds,
    ...sum,
    delivered: sum.due - sum.told - sum.lies,
    silenceMedian: Math.round(silences[Math.floor(silences.length / 2)] ?? 0),
    silenceLongest: Math.round(silences.at(-1) ?? 0),
  };
}

/** Resolves when something is so, or has not been for too long. */
async function settled(look: () => boolean): Promise<void> {
  for (let waits = 0; waits < settleTime / 20 && !look(); waits += 1) await sleep(20);
}
