import type { Delivery } from "./channel-layer.ts";

/** How a message came to a group, frozen: all members get the same. Only what there is, is in it. */
export function deliveryOf(group: string, id: string | undefined, position?: string): Delivery {
  if (position === undefined) return Object.freeze(id === undefined ? { group } : { group, id });
  return Object.freeze(id === undefined ? { group, position } : { group, position, id });
}
