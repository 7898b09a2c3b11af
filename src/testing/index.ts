/**
 * A kit for tests of applications and of channel layers. It belongs to no test runner.
 *
 * @packageDocumentation
 */
export { type ChaosOptions, chaosLayer } from "./chaos-layer.ts";
export {
  type Answer,
  type Closed,
  Communicator,
  type CommunicatorOptions,
  communicator,
  connected,
} from "./communicator.ts";
export { FakeClock } from "./fake-clock.ts";
export { TestError } from "./inbox.ts";
export type {
  HistoryUnderCheck,
  LayerCheck,
  LayerCheckContext,
  OutageUnderCheck,
} from "./layer-check.ts";
export { layerChecks } from "./layer-checks.ts";
export { type LiveServer, liveServer } from "./live-server.ts";
export { type RawFrame, RawPeer, type RawResponse, upgradeRequest } from "./raw-peer.ts";
export { type Recorder, recorder } from "./recorder.ts";
export type { Refused, StreamCommunicator } from "./stream-communicator.ts";
export {
  type WorkerCommunicator,
  type WorkerCommunicatorOptions,
  workerCommunicator,
} from "./worker-communicator.ts";
