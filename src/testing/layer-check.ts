import assert from "node:assert/strict";
import type { ErrorCode } from "../errors.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";

/** One promise of the contract of channel layers, and how to find out whether a layer keeps it. */
export interface LayerCheck {
  /** The promise, as a sentence. */
  readonly name: string;
  /** What the context has to give for it; without it the check fails and says so. */
  readonly needs?: "history" | "outage";
  /** Rejects when the layer breaks the promise. */
  run(context: LayerCheckContext): Promise<void>;
}

/** What a {@link LayerCheck} gets. Each run takes fresh layers: it may close them. */
export interface LayerCheckContext {
  readonly layer: ChannelLayer;
  /** A second connection to the same backend, as another process would have; in memory the same layer. */
  readonly other: ChannelLayer;
  /** How many messages both layers let wait on a fixed name that nobody reads. Small is quick. */
  readonly capacity: number;
  /**
   * Groups with a history. A layer that keeps none leaves it out, and the checks whose `needs` is
   * `"history"` too.
   */
  readonly history?: HistoryUnderCheck;
  /**
   * A way to cut `layer` off from its backend. A layer without one leaves it out, and the checks whose
   * `needs` is `"outage"` too.
   */
  readonly outage?: OutageUnderCheck;
  /** Lets the layers' expiry pass: moves their clock, or waits. */
  expire(): void | Promise<void>;
  /** Lets the interval pass in which changes of presence are gathered; left out, it passes by itself. */
  gather?(): void | Promise<void>;
  /** Resolves when `condition` stops throwing; rejects with what it threw when it took too long. */
  eventually(condition: () => void): Promise<void>;
}

/** How both layers keep the history of some groups. */
export interface HistoryUnderCheck {
  /** Groups whose names begin with this have one; no others do. */
  readonly prefix: string;
  /** How many messages are held, from 8 on. Small is quick. */
  readonly size: number;
  /** Lets all messages, and all ids, become too old: moves the layers' clock, or waits. */
  expire(): void | Promise<void>;
}

/** How `layer`, and not `other`, loses its backend. */
export interface OutageUnderCheck {
  /** Resolves when nothing gets through any more. */
  begin(): void | Promise<void>;
  /** Resolves when `layer` has its backend again. */
  end(): void | Promise<void>;
}

/** The outage that a check needs. @throws Error that says what to do about it, if there is none. */
export function outageOf({ outage }: LayerCheckContext): OutageUnderCheck {
  if (outage !== undefined) return outage;
  throw new Error(
    'this check needs an outage: give `outage` in the context, or, for a layer without a backend, leave out the checks whose `needs` is "outage"',
  );
}

/** The history that a check needs. @throws Error that says what to do about it, if there is none. */
export function historyOf({ history }: LayerCheckContext): HistoryUnderCheck {
  if (history !== undefined) return history;
  throw new Error(
    'this check needs groups with a history: give `history` in the context, or, for a layer that keeps none, leave out the checks whose `needs` is "history"',
  );
}

/** Asserts that a call does not throw, and that its promise rejects with an error of this code. */
export async function rejects(code: ErrorCode, call: () => Promise<unknown>): Promise<void> {
  let result: Promise<unknown>;
  try {
    result = call();
  } catch (error) {
    throw new Error(`threw at the call instead of rejecting with ${code}`, { cause: error });
  }
  await result.then(
    () => assert.fail(`resolved instead of rejecting with ${code}`),
    (error: unknown) => assertCode(error, code),
  );
}

/** Asserts that an error has this code. */
export function assertCode(error: unknown, code: ErrorCode): void {
  assert.equal((error as { code?: unknown } | undefined)?.code, code, String(error));
}
