/** Types of layer messages that begin with this are the framework's own. */
export const reservedPrefix = "sluice.";

const mark: unique symbol = Symbol("reserved message");

/**
 * Makes a layer message whose type has the reserved prefix. Layers refuse any other one, so that
 * nobody who forwards what a client wrote can be talked into sending ours: JSON carries no symbols,
 * and neither does a message that was received.
 */
export function reservedMessage<const M extends { readonly type: `sluice.${string}` }>(
  message: M,
): M {
  return { ...message, [mark]: true };
}

/** Whether {@link reservedMessage} made it. */
export function isReservedMessage(message: object): boolean {
  return Object.hasOwn(message, mark);
}
