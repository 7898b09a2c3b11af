import { Engine } from "../connection/engine.ts";
import type { Clock } from "../internal/clock.ts";
import type { CompressionOptions } from "../protocol/compression-options.ts";
import { DeflateShare } from "../protocol/deflate-share.ts";

const engines = new WeakMap<Clock, Map<string, Engine>>();

/**
 * The engine that all clients share which have the same clock and compress in the same way. It is
 * made for the first of them, and without connections it sets no timer.
 */
export function clientEngine(
  clock: Clock,
  compression: Required<CompressionOptions> | undefined,
): Engine {
  let ofClock = engines.get(clock);
  if (ofClock === undefined) {
    ofClock = new Map();
    engines.set(clock, ofClock);
  }
  const how = compression === undefined ? "" : Object.values(compression).join();
  let engine = ofClock.get(how);
  if (engine === undefined) {
    engine = new Engine({ clock, deflate: compression && new DeflateShare(compression) });
    ofClock.set(how, engine);
  }
  return engine;
}
