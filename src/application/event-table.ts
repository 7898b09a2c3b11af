import { UsageError } from "../errors.ts";
import type { Delivery, LayerMessage } from "../layers/channel-layer.ts";

/** A method that is called for layer messages of one type. */
export type EventMethod = (
  this: object,
  message: LayerMessage,
  delivery: Delivery,
) => void | Promise<unknown>;

/** Types that begin with this are ours. */
const reserved = "sluice.";

const tables = new WeakMap<object, ReadonlyMap<string, EventMethod>>();

/**
 * The methods of a class that layer messages can reach: those with a dot in their name, of the class
 * and its ancestors up to `base`. Nothing else can be called from outside. Made once for each class.
 * @throws UsageError `ERR_EVENT_TYPE` for a name with the reserved prefix.
 */
export function eventTable(
  consumerClass: { readonly prototype: object; readonly name: string },
  base: object,
): ReadonlyMap<string, EventMethod> {
  const known = tables.get(consumerClass);
  if (known !== undefined) return known;
  const table = new Map<string, EventMethod>();
  let prototype: object | null = consumerClass.prototype;
  while (prototype !== null && prototype !== base) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
      // A class overrides its ancestors.
      if (!name.includes(".") || typeof method !== "function" || table.has(name)) continue;
      if (name.startsWith(reserved)) {
        throw new UsageError(
          "ERR_EVENT_TYPE",
          `${consumerClass.name} has a method ${JSON.stringify(name)}: the prefix "${reserved}" is reserved`,
        );
      }
      table.set(name, method as EventMethod);
    }
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  tables.set(consumerClass, table);
  return table;
}
