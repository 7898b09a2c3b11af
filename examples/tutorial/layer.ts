import { type ChannelLayer, memoryLayer } from "sluice";
import { clusterLayer } from "sluice/layers/cluster";
import { history } from "./history.ts";

/** The layers that the site runs on, by the names that LAYER gives them. Nothing else knows which. */
const engines: Readonly<Record<string, () => ChannelLayer | Promise<ChannelLayer>>> = {
  /** One process, and nothing beside it. */
  memory: () => memoryLayer({ history }),
  /** Several processes of one machine: `npm start` starts them. */
  cluster: () => clusterLayer({ history }),
};

/** The names that {@link createLayer} knows. */
export const layerNames: readonly string[] = Object.keys(engines);

/** Makes the layer of that name; undefined for a name that none has. */
export function createLayer(name: string): ChannelLayer | Promise<ChannelLayer> | undefined {
  return Object.hasOwn(engines, name) ? engines[name]?.() : undefined;
}
