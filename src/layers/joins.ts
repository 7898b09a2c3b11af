import type { LocalChannel } from "./local-channel.ts";

/** A join that the backend has not answered yet. */
export interface Join {
  readonly group: string;
  /** The channel left the group meanwhile, or was closed. */
  isCancelled: boolean;
}

/** The joins of one process that are on their way. */
export class Joins {
  readonly #joins = new Map<LocalChannel, Set<Join>>();

  /** One begins. */
  begin(channel: LocalChannel, group: string): Join {
    const join: Join = { group, isCancelled: false };
    const others = this.#joins.get(channel);
    if (others === undefined) this.#joins.set(channel, new Set([join]));
    else others.add(join);
    return join;
  }

  /** It was answered, or never will be. */
  end(channel: LocalChannel, join: Join): void {
    const others = this.#joins.get(channel);
    others?.delete(join);
    if (others?.size === 0) this.#joins.delete(channel);
  }

  /** Whether a channel is about to be in a group. */
  has(channel: LocalChannel, group: string): boolean {
    for (const join of this.#joins.get(channel) ?? []) {
      if (join.group === group && !join.isCancelled) return true;
    }
    return false;
  }

  /** A channel leaves a group, or all of them; returns those that it was about to join. */
  cancel(channel: LocalChannel, group?: string): string[] {
    const groups: string[] = [];
    for (const join of this.#joins.get(channel) ?? []) {
      if (group !== undefined && join.group !== group) continue;
      join.isCancelled = true;
      groups.push(join.group);
    }
    return groups;
  }

  /** All channels leave. */
  clear(): void {
    for (const channel of this.#joins.keys()) this.cancel(channel);
  }
}
