/** Who is in which group, and at whose desk: a member is a number that its desk knows. */
export class MemberTable<Desk> {
  readonly #groups = new Map<string, Map<Desk, Set<number>>>();
  readonly #desks = new Map<Desk, Set<string>>();

  /** The groups that have a member. */
  names(): Iterable<string> {
    return this.#groups.keys();
  }

  /** Whether a group has a member. */
  has(group: string): boolean {
    return this.#groups.has(group);
  }

  /** Whether one member of a desk is in a group. */
  isMember(group: string, desk: Desk, member: number): boolean {
    return this.#groups.get(group)?.get(desk)?.has(member) ?? false;
  }

  /** The desks that have members in a group, with these. */
  of(group: string): ReadonlyMap<Desk, ReadonlySet<number>> {
    return this.#groups.get(group) ?? new Map<Desk, ReadonlySet<number>>();
  }

  /** How many members a group has. */
  count(group: string): number {
    let count = 0;
    for (const members of this.of(group).values()) count += members.size;
    return count;
  }

  /** Puts a member on a group's list; twice is once. Returns true if it is the group's first one. */
  join(group: string, desk: Desk, member: number): boolean {
    let entry = this.#groups.get(group);
    const isFirst = entry === undefined;
    if (entry === undefined) {
      entry = new Map();
      this.#groups.set(group, entry);
    }
    const members = entry.get(desk);
    if (members === undefined) {
      entry.set(desk, new Set([member]));
      const groups = this.#desks.get(desk);
      if (groups === undefined) this.#desks.set(desk, new Set([group]));
      else groups.add(group);
    } else {
      members.add(member);
    }
    return isFirst;
  }

  /** Takes a member off a group's list. Returns true if it was the group's last one. */
  leave(group: string, desk: Desk, member: number): boolean {
    const members = this.#groups.get(group)?.get(desk);
    if (members === undefined || !members.delete(member) || members.size > 0) return false;
    this.#desks.get(desk)?.delete(group);
    return this.#remove(group, desk);
  }

  /** Takes all members of a desk off every list. Returns the groups that are empty now. */
  leaveAll(desk: Desk): string[] {
    const groups = this.#desks.get(desk) ?? [];
    this.#desks.delete(desk);
    return [...groups].filter((group) => this.#remove(group, desk));
  }

  #remove(group: string, desk: Desk): boolean {
    const entry = this.#groups.get(group);
    entry?.delete(desk);
    if (entry === undefined || entry.size > 0) return false;
    this.#groups.delete(group);
    return true;
  }
}
