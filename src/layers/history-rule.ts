import { UsageError } from "../errors.ts";
import { checkOptionNames } from "../internal/option-names.ts";
import { GroupPattern } from "./group-pattern.ts";

/** Which groups have a history, and how much of it. */
export interface HistoryRule {
  /**
   * Names of groups: `*` stands for any characters, everything else for itself. `room.*` are all
   * rooms, `*` is every group. Where several rules match, the first one counts.
   */
  readonly groups: string;
  /** How many messages of a group are held. @defaultValue 100 */
  readonly size?: number;
  /** How long a message is held, in milliseconds. @defaultValue 300 000: a reload, a tunnel, a deploy */
  readonly ttl?: number;
  /**
   * How many bytes of a group's messages are held, as they are encoded and {@link messageCost} more
   * for each. @defaultValue 262 144; one message is held however large it is
   */
  readonly bytes?: number;
  /**
   * How many messages a member may have missed and still get: with more it is not recovered.
   * @defaultValue `size`: whatever is held
   */
  readonly recover?: number;
  /**
   * How long the id of a message is remembered, in milliseconds. @defaultValue 300 000: longer than
   * any sender tries again
   */
  readonly idWindow?: number;
  /** How many ids of a group are remembered; the oldest give way. @defaultValue 1 000 */
  readonly ids?: number;
}

/** What a message in a history costs beside its encoded bytes: measured, and rounded up. */
export const messageCost = 512;

/** A rule whose every part was said or has its default. */
export type FullHistoryRule = Required<HistoryRule>;

/** The rules of one layer, in their order. */
export class HistoryRules {
  readonly #rules: readonly { readonly pattern: GroupPattern; readonly rule: FullHistoryRule }[];

  /** @throws UsageError `ERR_INVALID_OPTION`, with the rule, the value and what it must be. */
  constructor(rules: readonly HistoryRule[]) {
    if (!Array.isArray(rules)) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        'the option history must be a list of rules, like [{ groups: "room.*", size: 100 }]',
      );
    }
    this.#rules = rules.map((rule, index) => complete(rule, `history[${index}]`));
  }

  /** All of them, whole. */
  get all(): readonly FullHistoryRule[] {
    return this.#rules.map(({ rule }) => rule);
  }

  /** The rule for a group, if it has a history. */
  of(group: string): FullHistoryRule | undefined {
    for (const { pattern, rule } of this.#rules) if (pattern.matches(group)) return rule;
    return undefined;
  }
}

const amounts = ["size", "ttl", "bytes", "recover", "idWindow", "ids"] as const;
const ruleNames: readonly string[] = ["groups", ...amounts];

const defaults = { size: 100, ttl: 300_000, bytes: 262_144, idWindow: 300_000, ids: 1_000 };

/** Node's timers hold 31 bits of milliseconds, and nothing is meant to be held for longer. */
const longest = 2 ** 31 - 1;

function complete(
  given: HistoryRule,
  where: string,
): { readonly pattern: GroupPattern; readonly rule: FullHistoryRule } {
  checkOptionNames(where, given, ruleNames, '{ groups: "room.*", size: 100 }');
  const pattern = new GroupPattern(given.groups, `${where}.groups`);
  const rule = { recover: given.size ?? defaults.size, ...defaults, ...given };
  for (const name of amounts) {
    const least = name === "recover" || name === "ids" ? 0 : 1;
    const value: unknown = rule[name];
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= longest) {
      continue;
    }
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `${where}.${name} is ${String(value)}; it must be a whole number from ${least} to ${longest}`,
    );
  }
  return { pattern, rule };
}
