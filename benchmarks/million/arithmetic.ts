/** What something costs a broker. */
export interface BrokerCost {
  /** What processes ask of it. */
  readonly commands: number;
  /** What it brings to processes beside its answers. */
  readonly deliveries: number;
}

/** What a layer over a broker does without anybody asking, and how often. Times in milliseconds. */
export interface Habits {
  /** A process says four times within this that it is there. */
  readonly lease: number;
  /** A quiet group with a history is compared once within this, and so is what is mirrored. */
  readonly checkInterval: number;
}

/** The defaults. */
export const habits: Habits = { lease: 10_000, checkInterval: 30_000 };

/** One message to a group that so many processes have members of. How many members does not matter. */
export function groupSend(holders: number): BrokerCost {
  return { commands: 1, deliveries: holders };
}

/**
 * One join. The first one of a group in a process subscribes, and with a history it reads where the
 * group stands; a join with a position reads what came after it, every time.
 */
export function join(asked: {
  readonly isFirst: boolean;
  readonly hasHistory: boolean;
  readonly hasPosition: boolean;
}): number {
  const { isFirst, hasHistory, hasPosition } = asked;
  const opening = isFirst ? (hasHistory ? 2 : 1) : 0;
  return opening + (hasHistory && hasPosition ? 1 : 0);
}

/** What a process is subscribed to: its groups, its own name, everybody's, and the porch of newcomers. */
export function subscriptions(groups: number): number {
  return groups + 3;
}

/** A question to all processes, such as `groupCount`: each other one is asked, and answers. */
export function question(processes: number): BrokerCost {
  return { commands: 2 * (processes - 1), deliveries: 2 * (processes - 1) };
}

/** Somebody listens to who comes and goes in a group, or watches groups: the first one of its process. */
export function firstListener(processes: number): BrokerCost {
  return question(processes);
}

/** Somebody comes to a group or goes, and so many other processes listen. */
export function presenceChange(listening: number): BrokerCost {
  return { commands: listening, deliveries: listening };
}

/** What a process that begins and the others tell each other, until everybody knows everybody. */
export function newcomer(others: number): BrokerCost {
  const letters = others === 0 ? 0 : Math.max(7, 13 * others - 6);
  // Hello to all, and a knock; with three subscriptions, of which one is given up before.
  return { commands: letters + 6, deliveries: letters + (others + 1) + others };
}

/** What all processes together say each second to stay known: it grows as their square. */
export function heartbeats(processes: number, { lease }: Habits = habits): BrokerCost {
  const beats = (processes * 4 * 1_000) / lease;
  return { commands: beats, deliveries: beats * processes };
}

/**
 * What they compare each second: fixed names, and what else each of them mirrors. `mirrored` is how
 * many groups a process listens to, or patterns that it watches, on average.
 */
export function comparisons(
  processes: number,
  mirrored = 0,
  { checkInterval }: Habits = habits,
): BrokerCost {
  const letters = (processes * (processes - 1) * (1 + mirrored) * 1_000) / checkInterval;
  return { commands: letters, deliveries: letters };
}

/** How many histories they read each second if all groups are quiet, of so many in each process. */
export function quietReads(
  processes: number,
  groups: number,
  { checkInterval }: Habits = habits,
): number {
  return (processes * groups * 1_000) / checkInterval;
}

/** How many groups a process has members of, if each of its members is in one that chance has chosen. */
export function groupsHere(members: number, groups: number): number {
  return groups * (1 - (1 - 1 / groups) ** members);
}

/** In how many processes a group of so many members has some, if chance puts each into one of them. */
export function holders(members: number, processes: number): number {
  return processes * (1 - (1 - 1 / processes) ** members);
}
