import type { ChannelLayer } from "sluice";
import { expect } from "vitest";
import { eventually } from "./ears.ts";

/** Lets two processes that begin at the same time know each other. */
export async function acquaint(...layers: ChannelLayer[]): Promise<void> {
  const channels = layers.map((layer) => layer.channel({ deliver() {} }));
  await Promise.all(layers.map((layer, index) => layer.join("known", channels[index]!)));
  for (const layer of layers) {
    await eventually(async () => expect(await layer.groupCount("known")).toBe(layers.length));
  }
  await Promise.all(channels.map((channel) => channel.close()));
}

/** What the server's own clock has to do cannot be turned. */
export function pass(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time));
}
