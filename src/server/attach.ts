import type { Scope } from "../application/scope.ts";
import { UsageError } from "../errors.ts";
import { nameOfKind } from "../internal/name-of-kind.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";
import { Attachment } from "./attachment.ts";
import {
  checkOptions,
  type CloseOptions,
  type WebSocketOptions,
  webSocketOptionNames,
} from "./options.ts";
import { type AnyHttpServer, Upgrades } from "./upgrades.ts";

/** Options of {@link attach}. */
export interface AttachOptions<S extends Scope = Scope> extends WebSocketOptions<S> {
  /** What consumers have as `this.layer`. Without one, using it throws `ERR_NO_LAYER`. */
  readonly layer?: ChannelLayer;
}

/** What {@link attach} put on a server. */
export interface Attached extends AsyncDisposable {
  /** Connections that are open. */
  readonly connections: number;
  /** Drains our connections and detaches. The HTTP server goes on. A second call means now. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Serves WebSockets on an HTTP server that exists already, and shares it: an upgrade that matches
 * none of our routes is left to whoever else listens for upgrades, and is a 404 if nobody does. May be
 * called several times for one server. Synchronous; the server need not listen yet.
 *
 * @throws UsageError for options that cannot be used.
 */
export function attach<S extends Scope>(
  server: AnyHttpServer,
  options: AttachOptions<S>,
): Attached {
  if (typeof server?.listenerCount !== "function" || typeof server.on !== "function") {
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `attach takes a server of node:http, node:https or node:http2 first, not ${nameOfKind(server)}`,
    );
  }
  checkOptions("attach", options as unknown as WebSocketOptions, webSocketOptionNames);
  const attachment = new Attachment(
    "attach",
    options as unknown as WebSocketOptions,
    options.layer,
  );
  const upgrades = Upgrades.of(server);
  upgrades.add(attachment);
  const close = async (how?: CloseOptions): Promise<void> => {
    await attachment.close(how);
    upgrades.remove(attachment);
  };
  return {
    get connections() {
      return attachment.connections;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
