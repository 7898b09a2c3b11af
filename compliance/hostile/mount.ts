import { Assailant } from "./assailant.ts";
import type { Attack } from "./attacks.ts";
import { Victim } from "./victim.ts";
import type { Vitals } from "./vitals.ts";

/** What an attack did, and with how much. */
export interface Outcome extends Vitals {
  /** Bytes that the attackers got rid of. */
  readonly sent: number;
  /** How many connections met each fate. */
  readonly fates: ReadonlyMap<string, number>;
}

/** What a server may take besides twice the bytes that it was sent: garbage that is not collected yet. */
const slack = 48 * 1024 * 1024;

/** How long the event loop may be busy with one turn, in milliseconds. */
const longestTurn = 50;

/** Whether a server stays within what we promise. */
export function isHarmless({ sent, peak, block }: Outcome): boolean {
  return peak <= 2 * sent + slack && block < longestTurn;
}

/**
 * Mounts an attack on a server that is started for it, and ends it. The server has `patience`
 * milliseconds to end connections that stall.
 */
export async function mount(attack: Attack, program: string, patience: number): Promise<Outcome> {
  await using victim = await Victim.start(program);
  // The server has been running for a while: its code is compiled.
  const scouts = await gather(attack, victim.port, Math.ceil(attack.crowd / 10));
  await strike(attack, scouts);
  for (const scout of scouts) scout.leave();

  const crowd = await gather(attack, victim.port, attack.crowd);
  await victim.begin();
  await strike(attack, crowd);
  const sent = crowd.reduce((sum, each) => sum + each.sent, 0);
  const vitals = await victim.report();
  await Promise.all(crowd.map((each) => each.await(patience)));
  const fates = new Map<string, number>();
  for (const { fate } of crowd) fates.set(fate, (fates.get(fate) ?? 0) + 1);
  for (const each of crowd) each.leave();
  return { ...vitals, sent, fates };
}

async function gather({ path, offers }: Attack, port: number, count: number): Promise<Assailant[]> {
  const crowd: Assailant[] = [];
  for (let i = 0; i < count; i++) {
    crowd.push(
      path === undefined
        ? await Assailant.connect(port)
        : await Assailant.open(port, path, offers ?? ""),
    );
  }
  return crowd;
}

async function strike({ act, reads }: Attack, crowd: readonly Assailant[]): Promise<void> {
  if (reads === true) for (const each of crowd) each.listen();
  await Promise.all(crowd.map(act));
}
