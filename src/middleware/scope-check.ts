import type { Scope } from "../application/scope.ts";
import { UsageError } from "../errors.ts";

/**
 * Refuses a scope that another middleware should have widened: what the compiler tells of a program in
 * TypeScript, a program in JavaScript is told at its first connection.
 * @throws UsageError `ERR_MISSING_MIDDLEWARE`.
 */
export function checkScope(who: string, scope: Scope, key: string, remedy: string): void {
  const value = (scope as unknown as Readonly<Record<string, unknown>>)[key];
  if (value !== undefined && value !== null) return;
  throw new UsageError(
    "ERR_MISSING_MIDDLEWARE",
    `${who} needs scope.${key}: put ${remedy} before it, as stack(${remedy}, ${who}, application)`,
  );
}
