/**
 * A channel layer for the workers of one machine, by `node:cluster`: no broker, nothing to install.
 *
 * ```ts
 * import cluster from "node:cluster";
 * import { serve } from "sluice";
 * import { clusterLayer, openOffice } from "sluice/layers/cluster";
 *
 * if (cluster.isPrimary) {
 *   openOffice();
 *   for (let count = 0; count < 4; count += 1) cluster.fork();
 * } else {
 *   await serve({ websocket: Chat, layer: clusterLayer(), port: 8000 });
 * }
 * ```
 *
 * `sluice serve app.js --workers 4` does the first half, and restarts what ends.
 *
 * @packageDocumentation
 */
export { type ClusterLayerOptions, clusterLayer } from "./cluster-layer.ts";
export { type ClusterOffice, openOffice } from "./cluster-office.ts";
export { type ClusterDiagnostics, clusterDiagnosticNames } from "./diagnostics.ts";
export type { OfficeOptions } from "./office.ts";
