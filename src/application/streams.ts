import { UsageError } from "../errors.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { completeLimits, type ConnectionLimits, defaultLimits } from "../internal/limits.ts";
import { nameOfKind } from "../internal/name-of-kind.ts";
import { OptionCheck } from "../internal/option-check.ts";
import { type SlowPolicy, slowPolicies } from "../internal/send-options.ts";
import type { Application } from "./application.ts";
import { type ApplicationLike, toApplication } from "./consumer.ts";
import { type Scope, widen } from "./scope.ts";
import { StreamLink } from "./stream-link.ts";
import { StreamsHandler } from "./streams-handler.ts";

/** Options of {@link streams}. */
export interface StreamsOptions {
  /**
   * What happens to a frame for a stream that does not exist: it is answered with
   * `{ "stream": …, "error": "no such stream" }`, or the connection is closed with 1008.
   * @defaultValue "error": a client that is newer than the server goes on
   */
  readonly unknown?: "error" | "close";
  /** What happens when the peer reads too slowly, for all streams together. @defaultValue "close" */
  readonly slow?: SlowPolicy;
  /** Limits of each stream's handler: its mailbox and its deadlines. */
  readonly limits?: Pick<
    ConnectionLimits,
    "mailboxSize" | "mailboxMessages" | "connectTimeout" | "disconnectTimeout"
  >;
  /** For the streams' deadlines. @defaultValue the system's */
  readonly clock?: Pick<Clock, "after">;
}

/**
 * Makes one application of several, which share a connection: a stream each.
 *
 * ```ts
 * route("/live/", streams({ chat: Chat, prices: Prices }));
 * ```
 *
 * Every message is a frame of JSON text, and the applications see and send the payload's JSON text:
 *
 * | frame | from | means |
 * | --- | --- | --- |
 * | `{ stream, payload }` | both | a message |
 * | `{ stream, closed: { code, reason } }` | both | the stream has ended, whoever ended it |
 * | `{ stream, refused: { status, body? } }` | us | its `connect` did not take the connection |
 * | `{ stream, error }` | us | no such stream |
 *
 * All streams begin with the connection. It is accepted when the first of them accepts, and refused
 * when none does, with the status of the last. From then on each has a life of its own: its groups,
 * its channel, its mailbox, its errors (1011) and its `disconnect`. A stream that ended stays so; the
 * connection closes with 1000 when all have. The connection's end ends all.
 *
 * A stream whose mailbox is full pauses reading for all. What is not JSON closes the connection with
 * 1007, JSON that is no frame with 1008, and bytes with 1003.
 *
 * @throws UsageError `ERR_INVALID_OPTION` without any stream, `ERR_NOT_A_CONSUMER` for what is no
 * application.
 */
export function streams<const A extends Readonly<Record<string, Streamable>>>(
  applications: A,
  options: StreamsOptions = {},
): Application<Needs<A>> {
  const check = new OptionCheck("streams");
  check.names(options, ["unknown", "slow", "limits", "clock"], "streams(applications, { … })");
  const { unknown = "error", slow = "close", clock = systemClock } = options;
  check.oneOf("unknown", unknown, ["error", "close"]);
  check.oneOf("slow", slow, slowPolicies);
  const limits = completeLimits(options.limits, defaultLimits);
  if (typeof applications !== "object" || applications === null) {
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `streams takes applications by their names, streams({ chat: Chat }), not ${nameOfKind(applications)}`,
    );
  }
  const named = Object.entries(applications).map(
    ([name, application]) =>
      [name, toApplication(application as ApplicationLike, `the stream "${name}"`)] as const,
  );
  if (named.length === 0) {
    throw new UsageError(
      "ERR_INVALID_OPTION",
      "streams was given no application: name one at least, streams({ chat: Chat })",
    );
  }
  return (connectionScope, socket) => {
    // The handshake, and what was offered in it, belongs to the connection.
    const scope = widen(connectionScope as Scope, { subprotocols: [] });
    return new StreamsHandler(
      socket,
      (trunk) =>
        new Map(
          named.map(([name, application]) => [
            name,
            new StreamLink(name, trunk, { application, scope, limits, clock }),
          ]),
        ),
      { slow, unknown },
    );
  };
}

/** An application, or a consumer class, whatever it needs of the scope. */
type Streamable =
  | Application<never>
  | { new (): { readonly scope: Scope }; toApplication(...args: unknown[]): Application<never> };

/** What all the applications need together. */
type Needs<A> = {
  [K in keyof A]: A[K] extends ApplicationLike<infer S> ? (scope: S) => void : never;
}[keyof A] extends (scope: infer All) => void
  ? All & Scope
  : Scope;
