/**
 * Starts the tutorial. The environment says where: PORT (8000; 0 takes any free one) and HOST; and on
 * which LAYER it runs: the names are in layer.ts.
 */
import { serve, UsageError } from "sluice";
import { createLayer, LayerAway, layerNames } from "./layer.ts";
import { closedBySignal } from "./shutdown.ts";
import { createSite } from "./site.ts";

const { PORT = "8000", HOST, LAYER = "memory" } = process.env;
const port = Number(PORT);
// An empty HOST would mean every address of this machine: that must be asked for in so many words.
const host = HOST || "127.0.0.1";

if (!/^\d+$/.test(PORT) || port > 65_535) {
  fail(`PORT must be an integer from 0 to 65535, not ${JSON.stringify(PORT)}`);
}

const layer = await Promise.resolve(createLayer(LAYER)).catch((error: unknown) => {
  if (!(error instanceof LayerAway)) throw error;
  fail(`LAYER=${LAYER}: ${error.message}`);
});
if (layer === undefined) {
  const names = new Intl.ListFormat("en", { type: "disjunction" }).format(layerNames);
  fail(`LAYER must be ${names}, not ${JSON.stringify(LAYER)}`);
}

const server = await serve({ ...createSite(layer), layer, port, host }).catch((error: unknown) => {
  if (!(error instanceof UsageError && error.code === "ERR_LISTEN")) throw error;
  fail(`${error.message}; PORT and HOST say where`);
});
void closedBySignal(server).then(() => process.exit(0));
console.log(`sluice is listening on ${server.url}`);

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
