/**
 * A kit for tests of applications and of channel layers. It belongs to no test runner.
 *
 * @packageDocumentation
 */
export {
  type Answer,
  type Closed,
  Communicator,
  type CommunicatorOptions,
  communicator,
} from "./communicator.ts";
export { FakeClock } from "./fake-clock.ts";
export { TestError } from "./inbox.ts";
export type { LayerCheck, LayerCheckContext } from "./layer-check.ts";
export { layerChecks } from "./layer-checks.ts";
export { type RawFrame, RawPeer, type RawResponse, upgradeRequest } from "./raw-peer.ts";
