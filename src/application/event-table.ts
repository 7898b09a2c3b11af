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

const tables = new WeakMap<object, EventTable>();

/**
 * The methods of a class that layer messages can reach: those with a dot in their name, of the class
 * and its ancestors up to a base. Nothing else can be called from outside. Made once for each class.
 */
export class EventTable {
  readonly #methods: ReadonlyMap<string, EventMethod>;
  // What was asked for last: a message goes to one instance after the other.
  #type: string | undefined;
  #method: EventMethod | undefined;

  private constructor(methods: ReadonlyMap<string, EventMethod>) {
    this.#methods = methods;
  }

  /** @throws UsageError `ERR_EVENT_TYPE` for a name with the reserved prefix. */
  static of(
    consumerClass: { readonly prototype: object; readonly name: string },
    base: object,
  ): EventTable {
    let table = tables.get(consumerClass);
    if (table === undefined) {
      table = new EventTable(methodsOf(consumerClass, base));
      tables.set(consumerClass, table);
    }
    return table;
  }

  /** The types that there is a method for. */
  get types(): Iterable<string> {
    return this.#methods.keys();
  }

  /** The method for a type, if there is one. */
  find(type: string): EventMethod | undefined {
    if (type !== this.#type) {
      this.#type = type;
      this.#method = this.#methods.get(type);
    }
    return this.#method;
  }
}

function methodsOf(
  { prototype: own, name: className }: { readonly prototype: object; readonly name: string },
  base: object,
): ReadonlyMap<string, EventMethod> {
  const methods = new Map<string, EventMethod>();
  let prototype: object | null = own;
  while (prototype !== null && prototype !== base) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
      // A class overrides its ancestors.
      if (!name.includes(".") || typeof method !== "function" || methods.has(name)) continue;
      if (name.startsWith(reserved)) {
        throw new UsageError(
          "ERR_EVENT_TYPE",
          `${className} has a method ${JSON.stringify(name)}: the prefix "${reserved}" is reserved`,
        );
      }
      methods.set(name, method as EventMethod);
    }
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return methods;
}
