import { UsageError } from "../errors.ts";
import { nameOfKind } from "./name-of-kind.ts";
import { nearestName } from "./nearest-name.ts";

/**
 * Refuses options with a name that does not exist: a slip that nobody noticed would be a setting that
 * nobody has. Costs no more than to look at each name once, so calls for each message do it too.
 *
 * @param of - what the options are for, such as `serve`.
 * @param form - how they are written, where it is not `serve({ … })`.
 * @throws UsageError `ERR_INVALID_OPTION`, with the name that was probably meant.
 */
export function checkOptionNames(
  of: string,
  given: unknown,
  known: readonly string[],
  form: string = `${of}({ … })`,
): void {
  if (typeof given !== "object" || given === null) {
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `${of} takes an object of options, ${form}, not ${nameOfKind(given)}`,
    );
  }
  for (const name in given) if (!known.includes(name)) refuse(of, name, known);
}

function refuse(of: string, name: string, known: readonly string[]): never {
  const nearest = nearestName(name, known);
  const hint = nearest === undefined ? "; it has" : `; did you mean "${nearest}"? It has`;
  throw new UsageError(
    "ERR_INVALID_OPTION",
    `${of} has no option "${name}"${hint} ${known.join(", ")}`,
  );
}
