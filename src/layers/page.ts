import { UsageError } from "../errors.ts";

/** Which page of something is wanted. */
export interface AskedPage {
  readonly after: string | undefined;
  readonly limit: number;
}

/** One page of names, and the `after` of the one behind it. */
export interface Page {
  readonly page: string[];
  readonly next: string | undefined;
}

/**
 * The page of `names` that was asked for, in the order of their code units. A name that is there on
 * each call is on exactly one page, whatever comes and goes beside it.
 * @throws UsageError `ERR_INVALID_OPTION` for a limit out of range.
 */
export function pageOf(names: Iterable<string>, options: Partial<AskedPage> = {}): Page {
  const { after, limit } = checkPage(options);
  const rest = [...names].filter((name) => after === undefined || name > after).sort();
  const page = rest.slice(0, limit);
  return { page, next: rest.length > limit ? page.at(-1) : undefined };
}

/**
 * Checks what was asked for, and fills in what was not said.
 * @throws UsageError `ERR_INVALID_OPTION` for a limit out of range, or an `after` that is no text.
 */
export function checkPage({ after, limit = 100 }: Partial<AskedPage>): AskedPage {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > longestPage) {
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `the limit of a page is ${String(limit)}; it must be a whole number from 1 to ${longestPage}`,
    );
  }
  if (after !== undefined && typeof after !== "string") {
    throw new UsageError("ERR_INVALID_OPTION", `after is ${typeof after}; it must be a string`);
  }
  return { after, limit };
}

const longestPage = 1_000;
