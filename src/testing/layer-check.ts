import assert from "node:assert/strict";
import type { ErrorCode } from "../errors.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";

/** One promise of the contract of channel layers, and how to find out whether a layer keeps it. */
export interface LayerCheck {
  /** The promise, as a sentence. */
  readonly name: string;
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
  /** Lets the layers' expiry pass: moves their clock, or waits. */
  expire(): void | Promise<void>;
  /** Resolves when `condition` stops throwing; rejects with what it threw when it took too long. */
  eventually(condition: () => void): Promise<void>;
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
