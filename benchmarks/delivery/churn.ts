import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "./engine.ts";
import { randomNumbers } from "./random.ts";
import type { MemberSide } from "./side.ts";

/** What members were sent while others came and went. */
export interface ChurnResult {
  readonly side: string;
  readonly engine: string;
  readonly joins: number;
  readonly sent: number;
  /** Messages whose sending began after a join was answered and had ended before the leaving began. */
  readonly due: number;
  readonly lost: number;
  readonly duplicates: number;
}

const memberCount = 30;
const groupCount = 5;
const machineCount = 3;

/** How long a message may be on its way until it is lost, in milliseconds. */
const patience = 5_000;

/** Members of three processes join and leave groups all the time, while each process sends to them. */
export async function churn(
  side: MemberSide,
  engine: Engine,
  { seconds, seed }: { readonly seconds: number; readonly seed: number },
): Promise<ChurnResult> {
  const machines = [];
  for (let count = 0; count < machineCount; count += 1)
    machines.push(await side.serveAlone(engine));
  const random = randomNumbers(seed);
  const groupOf = (): string => `churn.${Math.floor(random() * groupCount)}`;
  const deadline = performance.now() + seconds * 1_000;
  const isOver = (): boolean => performance.now() > deadline;
  /** Those who are in a group for now: each message that is sent meanwhile is theirs. */
  const present = new Map<string, Set<Set<number>>>();
  const sum = { joins: 0, sent: 0, due: 0, lost: 0, duplicates: 0 };

  const come = async (port: number): Promise<void> => {
    let heard = new Set<number>();
    const member = await side.member(port, (_group, number) => {
      if (heard.has(number)) sum.duplicates += 1;
      heard.add(number);
    });
    while (!isOver()) {
      const group = groupOf();
      heard = new Set();
      await member.join(group);
      sum.joins += 1;
      const due = new Set<number>();
      const here = present.get(group) ?? new Set();
      present.set(group, here.add(due));
      await sleep(random() * 300);
      here.delete(due);
      // What is due has been confirmed, and may still be on its way.
      const isWhole = (): boolean => [...due].every((number) => heard.has(number));
      for (let waits = 0; waits < patience / 10 && !isWhole(); waits += 1) await sleep(10);
      sum.due += due.size;
      sum.lost += [...due].filter((number) => !heard.has(number)).length;
      await member.leave(group);
    }
    member.close();
  };

  const send = async (port: number): Promise<void> => {
    const sender = await side.member(port, () => {});
    const sending: Promise<void>[] = [];
    while (!isOver()) {
      const number = sum.sent++;
      const group = groupOf();
      const before = [...(present.get(group) ?? [])];
      const sent = sender.send(group, number).then(() => {
        // Whoever has begun to leave meanwhile may have missed it.
        for (const due of before) if (present.get(group)?.has(due) === true) due.add(number);
      });
      sending.push(sent);
      await sleep(15);
    }
    await Promise.all(sending);
    sender.close();
  };

  const ports = machines.map(({ port }) => port);
  await Promise.all([
    ...Array.from({ length: memberCount }, (_, index) => come(ports[index % machineCount]!)),
    ...ports.map(send),
  ]);
  for (const machine of machines) await machine.close();
  return { side: side.name, engine: engine.name, ...sum };
}
