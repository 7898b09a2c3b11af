import { setTimeout as sleep } from "node:timers/promises";
import type { Agent } from "./agent.ts";
import type { Case } from "./case.ts";
import { examineClient, examineServer, examineServerOverHttp2 } from "./examine.ts";
import type { TesterOptions } from "./tester.ts";
import { type Verdict, neverOpened } from "./verdict.ts";

/** Runs a case against somebody. */
export type Examine = (given: Case) => Promise<Verdict>;

/** How many cases run at the same time: those that mostly wait, and those that mostly compute. */
const concurrency = { waiting: 32, computing: 3 };

/** Runs all cases, the quick ones first, and tells of each verdict. The verdicts keep the order. */
export async function runAll(
  cases: readonly Case[],
  examine: Examine,
  onVerdict: (verdict: Verdict) => void,
): Promise<Verdict[]> {
  const verdicts = new Map<string, Verdict>();
  const computes = ({ id }: Case) => /^(9|12|13)\./.test(id);
  const waiting = cases.filter((each) => !computes(each));
  const computing = cases.filter(computes);
  await several(concurrency.waiting, waiting, take);
  await several(concurrency.computing, computing, take);
  return cases.map(({ id }) => verdicts.get(id) as Verdict);

  async function take(given: Case): Promise<void> {
    const verdict = await examine(given);
    verdicts.set(given.id, verdict);
    onVerdict(verdict);
  }
}

/**
 * Runs a case against an agent. A process that lets the tester wait in vain is ended. Whether a case was the
 * reason or only happened to run at the same time shows when it runs again, alone with the next one.
 */
export function examineAgent(agent: Agent, options: TesterOptions): Examine {
  let alone: Promise<unknown> = Promise.resolve();
  return async (given) => {
    await alone;
    const first = await once(given);
    if (isGood(first.verdict) || !(first.end || first.verdict.stuck)) return first.verdict;
    const again = alone.then(() => once(given));
    alone = again;
    const { verdict, end } = await again;
    return isGood(verdict) || !end ? verdict : { ...verdict, result: "FAILED", reason: end };
  };

  async function once(given: Case): Promise<{ verdict: Verdict; end: string | undefined }> {
    const { length } = agent.ends;
    const verdict = await talk(given);
    if (verdict.stuck) agent.kill();
    // That a process ended is known a little later than that its sockets did.
    if (!isGood(verdict)) await sleep(100);
    return { verdict, end: verdict.stuck ? undefined : agent.ends[length] };
  }

  async function talk(given: Case): Promise<Verdict> {
    try {
      if (agent.role === "client") {
        return await examineClient(given, (url) => agent.connect(url), options);
      }
      const examine = agent.role === "http2" ? examineServerOverHttp2 : examineServer;
      return await examine(given, await agent.url(), options);
    } catch (error) {
      return neverOpened(given, (error as Error).message);
    }
  }
}

/** Whether a verdict is as good as it can be. */
export function isGood({ result }: Verdict): boolean {
  return result === "OK" || result === "INFORMATIONAL";
}

/** Does something with each of the items, with so many of them at a time. */
async function several<T>(
  count: number,
  items: readonly T[],
  action: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (const item of queue) await action(item);
    }),
  );
}
