import { UsageError } from "../errors.ts";
import { nameOfKind } from "../internal/name-of-kind.ts";
import { OptionCheck } from "../internal/option-check.ts";
import { type SlowPolicy, slowPolicies } from "../internal/send-options.ts";
import type { ChannelLayer, Delivery, Gap, LayerMessage } from "../layers/channel-layer.ts";

/**
 * What an application gives back for one connection: the calls that it wants to get.
 *
 * Calls come one at a time and in order, unless it has a `concurrency`; a promise holds the next one
 * back until it settles, and what it yields is ignored. An error ends this connection only: before it is accepted with a 500,
 * afterwards with the close code 1011.
 */
export interface Handler {
  /** What it is called in the log. @defaultValue the application's name */
  readonly name?: string;
  /** What happens when the peer, or this handler, is too slow. @defaultValue "close" */
  readonly slow?: SlowPolicy;
  /** How many messages it may be given at a time. @defaultValue 1 */
  readonly concurrency?: number | undefined;
  /** The layer of its channel and its groups. @defaultValue the scope's */
  readonly layer?: ChannelLayer | undefined;
  /** Runs before the handshake is answered. Returning accepts it, unless it was decided already. */
  open?(): void | Promise<unknown>;
  /** A text message. Without this method the connection is closed with 1003. */
  text?(message: string): void | Promise<unknown>;
  /** A binary message; the bytes are the handler's to keep. Without this method: 1003. */
  bytes?(message: Uint8Array): void | Promise<unknown>;
  /** A message from the channel layer. */
  event?(message: LayerMessage, delivery: Delivery): void | Promise<unknown>;
  /** A loss that the channel layer noticed. */
  gap?(gap: Gap): void | Promise<unknown>;
  /**
   * Runs exactly once if `open` was entered, however the connection ended. `code` is the close code
   * that came first, sent or received: 1005 for a close frame without one, 1006 when there was no
   * closing handshake.
   */
  disconnect?(code: number, reason: string): void | Promise<unknown>;
}

/**
 * Checks what an application gave back.
 * @throws UsageError `ERR_NOT_A_CONSUMER` for what is no handler, `ERR_INVALID_OPTION` for its policy.
 * @internal
 */
export function checkHandler(given: unknown, application: string): asserts given is Handler {
  if (typeof given !== "object" || given === null) {
    // A middleware in the place of an application gives back an application.
    const hint = typeof given === "function" ? "; is it a middleware that wraps nothing?" : "";
    throw new UsageError(
      "ERR_NOT_A_CONSUMER",
      `the application ${application} returned ${nameOfKind(given)}, not a handler like { text(message) {} }${hint}`,
    );
  }
  const { name = application, slow } = given as Handler;
  if (slow !== undefined) new OptionCheck(name).oneOf("slow", slow, slowPolicies);
}
