import { UsageError } from "../errors.ts";
import { checkName } from "./name.ts";

/**
 * Names of groups, as one text: `*` stands for any characters, also for none, and everything else for
 * itself. `room.*` are all rooms, `*` is every group. It matches whole names, in time that grows with
 * their length only.
 */
export class GroupPattern {
  readonly text: string;
  readonly #parts: readonly string[];

  /** @throws UsageError `ERR_INVALID_OPTION` for what cannot match any name; `where` names its option. */
  constructor(text: string, where: string) {
    try {
      checkName("group", text);
    } catch (cause) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `${where} is ${JSON.stringify(text)}: a pattern of group names was expected, like "room.*"`,
        { cause },
      );
    }
    this.text = text;
    this.#parts = text.split("*");
  }

  /** Whether a name of a group matches. */
  matches(name: string): boolean {
    const parts = this.#parts;
    const first = parts[0]!;
    if (parts.length === 1) return name === first;
    const last = parts[parts.length - 1]!;
    if (!name.startsWith(first)) return false;
    const end = name.length - last.length;
    let place = first.length;
    // The leftmost place of each part leaves the most room for the others.
    for (let index = 1; index < parts.length - 1; index += 1) {
      const found = name.indexOf(parts[index]!, place);
      if (found < 0) return false;
      place = found + parts[index]!.length;
    }
    return place <= end && name.endsWith(last);
  }
}
