import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "./engine.ts";
import type { Member, MemberSide } from "./side.ts";

/** How much a group was sent, and how long it was on its way. */
export interface ThroughputResult {
  readonly side: string;
  readonly engine: string;
  /** Sends in a second that were answered, of all processes. */
  readonly sends: number;
  /** Messages in a second that members heard. */
  readonly deliveries: number;
  /** Milliseconds from a send to each member that heard it, at {@link calm} sends a second. */
  readonly median: number;
  readonly percentile99: number;
  readonly longest: number;
}

const machineCount = 3;
const membersOfEach = 10;

/** How many sends of one sender may be unanswered. */
const window = 50;

/** How many are sent in a second, in all, to see how long they take. */
const calm = 100;

/** Members of three processes in one group, to which one sender of each process sends. */
export async function throughput(
  side: MemberSide,
  engine: Engine,
  { seconds }: { readonly seconds: number },
): Promise<ThroughputResult> {
  const machines = [];
  for (let count = 0; count < machineCount; count += 1)
    machines.push(await side.serveAlone(engine));
  const begins: number[] = [];
  let heard = 0;
  const delays: number[] = [];
  const members: Member[] = [];
  const senders: Member[] = [];
  for (const { port } of machines) {
    senders.push(await side.member(port, () => {}));
    for (let count = 0; count < membersOfEach; count += 1) {
      const member = await side.member(port, (_group, number) => {
        heard += 1;
        delays.push(performance.now() - begins[number]!);
      });
      await member.join("crowd");
      members.push(member);
    }
  }
  const send = (sender: Member): Promise<void> => {
    begins.push(performance.now());
    return sender.send("crowd", begins.length - 1);
  };
  /** Until whatever was sent was heard. */
  const settle = async (): Promise<void> => {
    const due = begins.length * members.length;
    for (let waits = 0; waits < 500 && heard < due; waits += 1) await sleep(20);
  };

  const start = performance.now();
  const end = start + seconds * 1_000;
  const press = async (sender: Member): Promise<void> => {
    while (performance.now() < end) await send(sender);
  };
  await Promise.all(
    senders.flatMap((sender) => Array.from({ length: window }, () => press(sender))),
  );
  const sends = begins.length / ((performance.now() - start) / 1_000);
  await settle();
  const deliveries = heard / ((performance.now() - start) / 1_000);

  delays.length = 0;
  const calmStart = performance.now();
  const calmFirst = begins.length;
  while (performance.now() - calmStart < seconds * 1_000) {
    const due = calmFirst + Math.floor(((performance.now() - calmStart) / 1_000) * calm);
    while (begins.length < due) void send(senders[begins.length % senders.length]!);
    await sleep(2);
  }
  await settle();

  for (const member of [...members, ...senders]) member.close();
  for (const machine of machines) await machine.close();
  delays.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? 0) * 10) /
    10;
  return {
    side: side.name,
    engine: engine.name,
    sends: Math.round(sends),
    deliveries: Math.round(deliveries),
    median: at(0.5),
    percentile99: at(0.99),
    longest: at(1),
  };
}
