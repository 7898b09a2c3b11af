import type { PresenceCount, PresencePage, Present } from "./channel-layer.ts";
import { type AskedPage, pageOf } from "./page.ts";

/** How one member is shown: as it was read back from its encoded form. */
export interface Shown {
  readonly key: string;
  /** Frozen; undefined if nothing was said. */
  readonly info: unknown;
  /** The encoded form, to tell whether two are the same. */
  readonly text: string;
}

/** What has changed on a board. */
export interface PresenceChanges {
  readonly joined: readonly Present[];
  readonly updated: readonly Present[];
  readonly left: readonly Present[];
}

/**
 * Who is in one group: members under their keys, several members of one key as one.
 *
 * It knows what has changed since it was last asked; whoever goes and comes back meanwhile has not
 * changed at all. Members are told apart by any value: an object, or a name that came over a network.
 */
export class PresenceBoard {
  readonly #members = new Map<unknown, Shown>();
  readonly #keys = new Map<string, Map<unknown, Shown>>();
  /** The keys that may have changed, as they were; undefined for those that were not there. */
  readonly #before = new Map<string, readonly Shown[] | undefined>();

  /** How many keys and members there are. */
  get count(): PresenceCount {
    return { keys: this.#keys.size, channels: this.#members.size };
  }

  /** Whether something may have changed since {@link takeChanges}. */
  get isDirty(): boolean {
    return this.#before.size > 0;
  }

  /** Shows a member, or shows it in another way. */
  set(member: unknown, shown: Shown): void {
    const former = this.#members.get(member);
    if (former?.key === shown.key && former.text === shown.text) return;
    if (former !== undefined && former.key !== shown.key) this.delete(member);
    this.#touch(shown.key);
    this.#members.set(member, shown);
    const members = this.#keys.get(shown.key);
    if (members === undefined) this.#keys.set(shown.key, new Map([[member, shown]]));
    else members.set(member, shown);
  }

  /** Shows a member no longer. */
  delete(member: unknown): void {
    const former = this.#members.get(member);
    if (former === undefined) return;
    this.#touch(former.key);
    this.#members.delete(member);
    const members = this.#keys.get(former.key);
    members?.delete(member);
    if (members?.size === 0) this.#keys.delete(former.key);
  }

  /** Some of those who are there. */
  page(options?: Partial<AskedPage>): PresencePage {
    const { page, next } = pageOf(this.#keys.keys(), options);
    const present = page.map((key) => presentOf(key, this.#shown(key) ?? []));
    return next === undefined ? { present } : { present, next };
  }

  /** What has changed since the last call; undefined if nothing has. */
  takeChanges(): PresenceChanges | undefined {
    const joined: Present[] = [];
    const updated: Present[] = [];
    const left: Present[] = [];
    for (const [key, before] of this.#before) {
      const now = this.#shown(key);
      if (now === undefined) {
        if (before !== undefined) left.push(presentOf(key, before));
      } else if (before === undefined) joined.push(presentOf(key, now));
      else if (!isSame(before, now)) updated.push(presentOf(key, now));
    }
    this.#before.clear();
    if (joined.length + updated.length + left.length === 0) return undefined;
    return { joined, updated, left };
  }

  #touch(key: string): void {
    if (!this.#before.has(key)) this.#before.set(key, this.#shown(key));
  }

  #shown(key: string): readonly Shown[] | undefined {
    const members = this.#keys.get(key);
    return members === undefined ? undefined : [...members.values()];
  }
}

/** One user may have a thousand connections; what is told of them stays small. */
const mostInfos = 16;

function presentOf(key: string, shown: readonly Shown[]): Present {
  const infos = shown.filter(({ info }) => info !== undefined).map(({ info }) => info);
  return { key, channels: shown.length, infos: infos.slice(-mostInfos) };
}

function isSame(before: readonly Shown[], now: readonly Shown[]): boolean {
  if (before.length !== now.length) return false;
  const texts = (shown: readonly Shown[]): string[] => shown.map(({ text }) => text).sort();
  const old = texts(before);
  return texts(now).every((text, index) => text === old[index]);
}
